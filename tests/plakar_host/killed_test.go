// Kills: of the connector under its host, and of the host itself, which is then another
// process: this test program again.

package plakar_host

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/PlakarKorp/kloset/repository"
	"github.com/PlakarKorp/kloset/snapshot"
)

const (
	// lists are requests for what a page says.
	lists = "GET /v1/blocks/{id}/children"
	// pages are requests that make one.
	pages = "POST /v1/pages"
)

// patience is how long a plugin may take to see that its host is gone. A busy machine needs
// less.
const patience = 5 * time.Minute

// stages are the two in which a backup can be killed: while the connector reads Notion, and
// while the engine stores files.
var stages = []string{"reading", "storing"}

// whole backs up after a kill, and sees that nothing is missing.
func (s *site) whole() {
	s.t.Helper()
	if count := s.snapshots(); count != 0 {
		s.t.Errorf("there are %d snapshots of a backup that was killed", count)
	}
	s.notion.mend()
	snap, _ := s.backup()
	s.check(snap)
	same(s.t, "after the kill", s.dumped(), files(s.t, snap))
}

func TestAConnectorThatIsKilledEndsTheBackupAndTheNextOneIsWhole(t *testing.T) {
	t.Parallel()
	for _, stage := range stages {
		t.Run(stage, func(t *testing.T) {
			s := newSite(t, 2)
			plugin := start(t, s.plugin["importer"], s.env())
			imp, err := plugin.openImporter(s.ctx, s.config())
			must(t, err)
			watch := &watched{Importer: imp}
			ended := make(chan error, 1)
			run := func() {
				_, err := store(s.repo, watch, repository.DefaultType)
				ended <- err
			}
			if stage == "storing" {
				watch.onOpen = func() { plugin.kill(t); watch.onOpen = nil }
				run()
			} else {
				s.notion.hold(40, lists)
				go run()
				s.notion.held(40, lists)
				plugin.kill(t)
			}
			if err := <-ended; err == nil {
				t.Error("the backup succeeded")
			}
			s.whole()
		})
	}
}

func TestAConnectorThatIsKilledEndsTheRestoreAndTheNextOneIsWhole(t *testing.T) {
	t.Parallel()
	s := newSite(t, 2, "--random", "4")
	snap, _ := s.backup("comments", "blocks")
	plugin := start(t, s.plugin["exporter"], s.env())
	exp, err := plugin.openExporter(s.ctx, s.config("rootID", s.target()))
	must(t, err)
	s.notion.hold(3, pages)
	ended := make(chan error, 1)
	go func() { ended <- snap.Export(exp, "/", &snapshot.ExportOptions{}) }()
	s.notion.held(3, pages)
	plugin.kill(t)
	if err := <-ended; err == nil {
		t.Error("the restore succeeded")
	}
	s.restoredAgain(snap)
}

// restoredAgain restores after a kill, and sees that nothing is missing or left.
func (s *site) restoredAgain(snap *snapshot.Snapshot) {
	s.t.Helper()
	s.notion.mend()
	target, err := s.restore(snap, "/")
	if err != nil {
		s.t.Errorf("it ended with %v", err)
	}
	s.judge(target)
}

// doomed is what a host does that will be killed.
type doomed struct {
	Plugin connector
	Env    []string
	Config map[string]string
	Place  string
	// Stop says that it waits for its end when the first file is opened.
	Stop bool
}

// variable is where a host finds what to do.
const variable = "PLAKAR_HOST_DOOMED"

// opened is what it then writes.
const opened = "a file is opened"

// TestADoomedHost is the process that is killed. The plugin inherits a pipe from it.
func TestADoomedHost(t *testing.T) {
	text := os.Getenv(variable)
	if text == "" {
		t.Skip("only for other tests")
	}
	var do doomed
	must(t, json.Unmarshal([]byte(text), &do))
	ctx := newContext(t, 2)
	repo := openStore(t, ctx, do.Place)
	plugin := start(t, do.Plugin, do.Env, os.NewFile(3, "pipe"))
	if do.Config["rootID"] != "" {
		exp, err := plugin.openExporter(ctx, do.Config)
		must(t, err)
		must(t, only(t, repo).Export(exp, "/", &snapshot.ExportOptions{}))
		return
	}
	imp, err := plugin.openImporter(ctx, do.Config)
	must(t, err)
	watch := &watched{Importer: imp}
	if do.Stop {
		watch.onOpen = func() {
			os.Stdout.WriteString(opened + "\n")
			select {}
		}
	}
	_, err = store(repo, watch, repository.DefaultType)
	must(t, err)
}

// only is the snapshot of a store that has one.
func only(t testing.TB, repo *repository.Repository) *snapshot.Snapshot {
	t.Helper()
	for id, err := range repo.ListSnapshots() {
		must(t, err)
		snap, err := snapshot.Load(repo, id)
		must(t, err)
		return snap
	}
	t.Fatal("there is no snapshot")
	return nil
}

// doom runs such a host, kills it when `when` returns, and waits until its plugin, too, is
// gone: whoever holds the pipe keeps it from ending.
func (s *site) doom(do doomed, when func(output io.Reader)) {
	s.t.Helper()
	do.Env, do.Place = s.env(), s.place
	text, err := json.Marshal(do)
	must(s.t, err)
	alive, held, err := os.Pipe()
	must(s.t, err)
	defer alive.Close()
	command := exec.Command(os.Args[0], "-test.run", "^TestADoomedHost$", "-test.v")
	command.Env = append(os.Environ(), variable+"="+string(text), "TMPDIR="+s.t.TempDir())
	command.ExtraFiles = []*os.File{held}
	output, err := command.StdoutPipe()
	must(s.t, err)
	command.Stderr = os.Stderr
	must(s.t, command.Start())
	must(s.t, held.Close())
	when(output)
	must(s.t, command.Process.Kill())
	if err := command.Wait(); err == nil {
		s.t.Error("it ended before it was killed")
	}
	must(s.t, alive.SetReadDeadline(time.Now().Add(patience)))
	if _, err := io.ReadAll(alive); err != nil {
		s.t.Errorf("the plugin outlives its host: %v", err)
	}
}

func TestAHostThatIsKilledTakesTheConnectorWithItAndTheNextBackupIsWhole(t *testing.T) {
	t.Parallel()
	for _, stage := range stages {
		t.Run(stage, func(t *testing.T) {
			s := newSite(t, 2)
			do := doomed{Plugin: s.plugin["importer"], Config: s.config(), Stop: stage == "storing"}
			if !do.Stop {
				s.notion.hold(40, lists)
			}
			s.doom(do, func(output io.Reader) {
				if !do.Stop {
					s.notion.held(40, lists)
					return
				}
				lines := bufio.NewScanner(output)
				for lines.Scan() && lines.Text() != opened {
				}
				must(t, lines.Err())
			})
			s.whole()
		})
	}
}

func TestAHostThatIsKilledTakesTheConnectorWithItAndTheNextRestoreIsWhole(t *testing.T) {
	t.Parallel()
	s := newSite(t, 2, "--random", "5")
	snap, _ := s.backup("comments", "blocks")
	do := doomed{Plugin: s.plugin["exporter"], Config: s.config("rootID", s.target())}
	s.notion.hold(3, pages)
	s.doom(do, func(io.Reader) { s.notion.held(3, pages) })
	s.restoredAgain(snap)
}
