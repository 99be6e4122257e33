// What a user of Plakar sees of the connector, against the Notion in memory.
//
// NOTION_BACKUP is the program, NOTION_SERVE the one that serves the Notion in memory
// (`cargo build --example serve`); `.ci/run` sets both.

package plakar_host

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	fsexporter "github.com/PlakarKorp/integrations/fs/exporter"
	"github.com/PlakarKorp/kloset/connectors"
	"github.com/PlakarKorp/kloset/kcontext"
	"github.com/PlakarKorp/kloset/repository"
	"github.com/PlakarKorp/kloset/snapshot"
	"github.com/PlakarKorp/pkg"
)

// notion is a running Notion in memory.
type notion struct {
	t      *testing.T
	input  io.Writer
	output *bufio.Scanner
	URL    string `json:"url"`
	Token  string `json:"token"`
}

func program(t *testing.T, variable string) string {
	path := os.Getenv(variable)
	if path == "" {
		t.Fatalf("%s is not set: run this with .ci/run, or see the top of this file", variable)
	}
	return path
}

func startNotion(t *testing.T) *notion {
	command := exec.Command(program(t, "NOTION_SERVE"))
	input, err := command.StdinPipe()
	must(t, err)
	output, err := command.StdoutPipe()
	must(t, err)
	command.Stderr = os.Stderr
	must(t, command.Start())
	t.Cleanup(func() {
		input.Close()
		_ = command.Wait()
	})
	scanner := bufio.NewScanner(output)
	scanner.Buffer(nil, 1<<20)
	it := &notion{t: t, input: input, output: scanner}
	it.read(it)
	return it
}

func (n *notion) read(into any) {
	n.t.Helper()
	if !n.output.Scan() {
		n.t.Fatalf("the Notion in memory ended: %v", n.output.Err())
	}
	must(n.t, json.Unmarshal(n.output.Bytes(), into))
}

// say gives a command and reads the answer.
func (n *notion) say(command string, into any) {
	n.t.Helper()
	fmt.Fprintln(n.input, command)
	n.read(into)
}

// requests are those since the last time, by endpoint.
func (n *notion) requests() map[string]int {
	var counts map[string]int
	n.say("requests", &counts)
	n.say("forget", &struct{}{})
	return counts
}

// site is a Notion, a store, and an installed connector.
type site struct {
	t      *testing.T
	notion *notion
	plugin map[pkg.ConnectorType]connector
	ctx    *kcontext.KContext
	repo   *repository.Repository
	home   string
}

// installed is the connector, and where it is: one for all tests.
var installed struct {
	plugin map[pkg.ConnectorType]connector
	folder string
}

func TestMain(m *testing.M) {
	code := m.Run()
	os.RemoveAll(installed.folder)
	os.Exit(code)
}

// plugin packs and installs the connector, once.
func plugin(t *testing.T) map[pkg.ConnectorType]connector {
	if installed.plugin == nil {
		folder, err := os.MkdirTemp("", "plakar-host")
		must(t, err)
		installed.folder = folder
		files := filepath.Join(folder, "package")
		pack := exec.Command(program(t, "NOTION_BACKUP"), "plakar", "package", files)
		if out, err := pack.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		installed.plugin = install(t, files, folder)
	}
	return installed.plugin
}

func newSite(t *testing.T, concurrency int) *site {
	ctx := newContext(t, concurrency)
	return &site{
		t:      t,
		notion: startNotion(t),
		plugin: plugin(t),
		ctx:    ctx,
		repo:   newStore(t, ctx, "fs://"+filepath.Join(t.TempDir(), "store")),
		home:   t.TempDir(),
	}
}

func (s *site) env() []string {
	return []string{"HOME=" + s.home, "XDG_CACHE_HOME=" + filepath.Join(s.home, "cache"), "PATH=" + os.Getenv("PATH"), "TZ=UTC"}
}

// config is a source's options, as Plakar hands them over.
func (s *site) config(pairs ...string) map[string]string {
	config := map[string]string{"location": "notion://", "token": s.notion.Token, "api_url": s.notion.URL}
	for i := 0; i < len(pairs); i += 2 {
		config[pairs[i]] = pairs[i+1]
	}
	return config
}

// backup runs one, and returns the snapshot and what was opened.
func (s *site) backup(pairs ...string) (*snapshot.Snapshot, *watched) {
	s.t.Helper()
	plugin := start(s.t, s.plugin["importer"], s.env())
	imp, err := plugin.openImporter(s.ctx, s.config(pairs...))
	must(s.t, err)
	watch := &watched{Importer: imp}
	snap, err := store(s.repo, watch, repository.DefaultType)
	must(s.t, err)
	must(s.t, imp.Close(s.ctx))
	plugin.end(s.t)
	if text := plugin.errors.String(); text != "" {
		s.t.Errorf("the plugin wrote to standard error: %s", text)
	}
	slices.Sort(watch.opened)
	return snap, watch
}

func (s *site) check(snap *snapshot.Snapshot) {
	s.t.Helper()
	cache, err := s.ctx.GetCache().Check()
	must(s.t, err)
	defer cache.Close()
	snap.SetCheckCache(cache)
	must(s.t, snap.Check("/", &snapshot.CheckOptions{}))
}

// run runs the program as a user does.
func (s *site) run(args ...string) {
	s.t.Helper()
	command := exec.Command(program(s.t, "NOTION_BACKUP"), args...)
	command.Env = append(s.env(), "NOTION_API_URL="+s.notion.URL, "NOTION_API_TOKEN="+s.notion.Token)
	if out, err := command.CombinedOutput(); err != nil {
		s.t.Fatalf("notion-backup %v: %v: %s", args, err, out)
	}
}

// folder are the files in a folder, as files gives those of a snapshot.
func folder(t *testing.T, root string) map[string]string {
	found := map[string]string{}
	must(t, filepath.Walk(root, func(path string, info os.FileInfo, err error) error {
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(path, root)
		if info.IsDir() {
			found[strings.TrimSuffix(name, "/")+"/"] = ""
			return nil
		}
		content, err := os.ReadFile(path)
		found[name] = string(content)
		return err
	}))
	return found
}

func same(t *testing.T, what string, left, right map[string]string) {
	t.Helper()
	for path, content := range left {
		if other, there := right[path]; !there || other != content {
			t.Errorf("%s: %s is not the same (there: %v)", what, path, there)
		}
	}
	for path := range right {
		if _, there := left[path]; !there {
			t.Errorf("%s: %s is too much", what, path)
		}
	}
}

// bodies are requests that read a page's or database's content.
func bodies(requests map[string]int) int {
	count := 0
	for endpoint, times := range requests {
		if strings.Contains(endpoint, "/blocks/") || strings.Contains(endpoint, "/comments") {
			count += times
		}
	}
	return count
}

func TestABackupHoldsWhatADumpHoldsAndLaterOnesReadOnlyWhatChanged(t *testing.T) {
	for _, concurrency := range []int{1, 8} {
		t.Run(fmt.Sprintf("concurrency %d", concurrency), func(t *testing.T) {
			s := newSite(t, concurrency)
			first, watch := s.backup()
			s.check(first)
			stored := files(t, first)
			if len(watch.opened) == 0 || watch.sent != len(stored)+len(failures(t, first)) {
				t.Errorf("%d opened, %d sent, %d stored", len(watch.opened), watch.sent, len(stored))
			}

			out := filepath.Join(s.home, "out")
			s.run("-r", filepath.Join(s.home, "repo"), "dump")
			s.run("-r", filepath.Join(s.home, "repo"), "extract", "latest", out)
			same(t, "dump", folder(t, out), stored)

			target := filepath.Join(s.home, "restored")
			exp, err := fsexporter.NewFSExporter(s.ctx, &connectors.Options{MaxConcurrency: concurrency}, "fs",
				map[string]string{"location": "fs://" + target})
			must(t, err)
			must(t, first.Export(exp, "/", &snapshot.ExportOptions{}))
			same(t, "restore to a folder", folder(t, target), stored)

			s.notion.requests()
			second, watch := s.backup()
			if len(watch.opened) != 0 {
				t.Errorf("unchanged, and opened: %v", watch.opened)
			}
			if requests := s.notion.requests(); bodies(requests) != 0 {
				t.Errorf("unchanged, and asked: %v", requests)
			}
			same(t, "unchanged", files(t, second), stored)

			// Without the cache everything is read again, and Plakar still opens nothing.
			_, watch = s.backup("cache", "off")
			if len(watch.opened) != 0 {
				t.Errorf("unchanged without a cache, and opened: %v", watch.opened)
			}
			if requests := s.notion.requests(); bodies(requests) == 0 {
				t.Errorf("nothing was read: %v", requests)
			}
			if left, _ := filepath.Glob(filepath.Join(s.home, "cache/notion-backup/plakar/scratch/run-*")); len(left) != 0 {
				t.Errorf("left behind: %v", left)
			}

			var page string
			s.notion.say("edit", &page)
			third, watch := s.backup()
			if len(watch.opened) != 1 || !strings.HasSuffix(watch.opened[0], "/"+page+"/page.json") {
				t.Errorf("one page was edited, and opened were: %v", watch.opened)
			}
			s.check(third)
		})
	}
}

func TestWhatCannotBeReadIsAnErrorOnItsPathAndIsReadNextTime(t *testing.T) {
	s := newSite(t, 2)
	calm, _ := s.backup()
	before := failures(t, calm)
	var page string
	s.notion.say("break", &page)
	broken, _ := s.backup()
	path := ""
	for it, message := range failures(t, broken) {
		if _, known := before[it]; !known && strings.HasSuffix(it, "/"+page+"/page.json") && strings.Contains(message, "400") {
			path = it
		}
	}
	if path == "" {
		t.Errorf("errors are %v, before %v", failures(t, broken), before)
	}
	summary := broken.Header.GetSource(0).Summary
	if count := summary.Directory.Errors + summary.Below.Errors; count != uint64(len(failures(t, broken))) {
		t.Errorf("%d errors are counted of %d", count, len(failures(t, broken)))
	}
	// The page keeps what was read before.
	if files(t, broken)[path] != files(t, calm)[path] {
		t.Errorf("%s is not as it was", path)
	}
	s.check(broken)
	s.notion.say("mend", &struct{}{})
	mended, _ := s.backup()
	same(t, "errors", failures(t, mended), before)
	if !strings.Contains(files(t, mended)[path], "Nobody reads this.") {
		t.Errorf("%s was not read again", path)
	}
}

func TestOptionsAndTokensThatAreWrongAreToldAtOnce(t *testing.T) {
	s := newSite(t, 2)
	for _, it := range []struct {
		pairs []string
		words string
	}{
		{[]string{"token", "ntn_wrong"}, "401"},
		{[]string{"token", ""}, "no token"},
		{[]string{"commments", "blocks"}, "commments"},
		{[]string{"location", "notion://home"}, "home"},
	} {
		plugin := start(t, s.plugin["importer"], s.env())
		_, err := plugin.openImporter(s.ctx, s.config(it.pairs...))
		if err == nil || !strings.Contains(err.Error(), it.words) {
			t.Errorf("%v: %v", it.pairs, err)
		}
		plugin.end(t)
	}
}

func TestPing(t *testing.T) {
	s := newSite(t, 2)
	plugin := start(t, s.plugin["importer"], s.env())
	imp, err := plugin.openImporter(s.ctx, s.config())
	must(t, err)
	must(t, imp.Ping(s.ctx))
	plugin.end(t)
}

func TestACancelledBackupLeavesNothingAndTheNextOneIsWhole(t *testing.T) {
	s := newSite(t, 2)
	plugin := start(t, s.plugin["importer"], s.env())
	cut := kcontext.NewKContextFrom(s.ctx)
	imp, err := plugin.openImporter(cut, s.config())
	must(t, err)
	records, results := make(chan *connectors.Record), make(chan *connectors.Result)
	ended := make(chan error, 1)
	go func() { ended <- imp.Import(cut, records, results) }()
	<-records
	cut.Close()
	close(results)
	for range records {
	}
	if err := <-ended; err == nil {
		t.Error("a cancelled import succeeded")
	}
	plugin.end(t)
	snap, _ := s.backup()
	s.check(snap)
}

func TestASubtreeIsBackedUpAlone(t *testing.T) {
	s := newSite(t, 2)
	var page string
	s.notion.say("edit", &page)
	for _, pairs := range [][]string{{"location", "notion://" + page}, {"root", strings.ReplaceAll(page, "-", "")}} {
		snap, _ := s.backup(pairs...)
		if _, there := files(t, snap)["/"+page+"/page.json"]; !there {
			t.Errorf("%v: %s is not there", pairs, page)
		}
		if origin := snap.Header.GetSource(0).Importer.Origin; !strings.HasSuffix(origin, "/"+page) {
			t.Errorf("the origin is %s", origin)
		}
	}
}

func TestAnExporterNeedsATargetThatCanBeSeen(t *testing.T) {
	s := newSite(t, 2)
	nowhere := "00000000-0000-4000-8000-000000000000"
	for _, it := range []struct {
		pairs []string
		words string
	}{
		{nil, "rootID"},
		{[]string{"rootID", nowhere}, "404"},
		{[]string{"location", "notion://" + nowhere}, "404"},
	} {
		plugin := start(t, s.plugin["exporter"], s.env())
		_, err := plugin.openExporter(s.ctx, s.config(it.pairs...))
		if err == nil || !strings.Contains(err.Error(), it.words) {
			t.Errorf("%v: %v", it.pairs, err)
		}
		plugin.end(t)
	}
}

// restore exports a snapshot, or what is below a path of it, below a new page, and
// returns the requests by endpoint and how it ended.
func (s *site) restore(snap *snapshot.Snapshot, path string) (map[string]int, error) {
	s.t.Helper()
	var target string
	s.notion.say("target", &target)
	plugin := start(s.t, s.plugin["exporter"], s.env())
	exp, err := plugin.openExporter(s.ctx, s.config("rootID", target))
	must(s.t, err)
	s.notion.requests()
	err = snap.Export(exp, path, &snapshot.ExportOptions{})
	requests := s.notion.requests()
	plugin.end(s.t)
	if left, _ := filepath.Glob(filepath.Join(s.home, "cache/notion-backup/plakar/scratch/run-*")); len(left) != 0 {
		s.t.Errorf("left behind: %v", left)
	}
	return requests, err
}

func TestASnapshotAndAPartOfItAreRestored(t *testing.T) {
	s := newSite(t, 2)
	snap, _ := s.backup()
	var page string
	s.notion.say("edit", &page)
	for _, path := range []string{"/", "/" + page} {
		requests, err := s.restore(snap, path)
		pages := 0
		for it := range files(t, snap) {
			below := path == "/" || strings.HasPrefix(it, path+"/")
			if below && strings.HasSuffix(it, "/page.json") && !strings.HasPrefix(it, "/.notion-backup/") {
				pages++
			}
		}
		// Stand-ins and templates make the difference; most must be there.
		if made := requests["POST /v1/pages"]; made < pages*9/10 {
			t.Errorf("%s: %d of %d pages were made", path, made, pages)
		}
		// Some things of this workspace cannot be made by the API, which is told.
		if err == nil || !strings.Contains(err.Error(), "could not be restored") || !strings.Contains(err.Error(), "report.json") {
			t.Errorf("%s: it ended with %v", path, err)
		}
	}
}
