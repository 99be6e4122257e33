// What a test has around it: a Notion, a store, an installed connector, and a home folder.

package plakar_host

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/PlakarKorp/kloset/kcontext"
	"github.com/PlakarKorp/kloset/repository"
	"github.com/PlakarKorp/kloset/snapshot"
	"github.com/PlakarKorp/pkg"
)

// site is a Notion, a store, and an installed connector.
type site struct {
	t      testing.TB
	notion *notion
	plugin map[pkg.ConnectorType]connector
	ctx    *kcontext.KContext
	repo   *repository.Repository
	// place is where the store is.
	place string
	home  string
}

// installed is the connector, and where it is: one for all tests.
var installed struct {
	sync.Mutex
	plugin map[pkg.ConnectorType]connector
	folder string
}

func TestMain(m *testing.M) {
	code := m.Run()
	os.RemoveAll(installed.folder)
	os.Exit(code)
}

// plugin packs and installs the connector, once.
func plugin(t testing.TB) map[pkg.ConnectorType]connector {
	installed.Lock()
	defer installed.Unlock()
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

// newSite makes one; the arguments say what is in the Notion.
func newSite(t testing.TB, concurrency int, arguments ...string) *site {
	t.Helper()
	s := &site{t: t, notion: startNotion(t, arguments...), plugin: plugin(t), ctx: newContext(t, concurrency)}
	s.empty()
	return s
}

// empty gives the site another home and another store, with nothing in them.
func (s *site) empty() {
	s.t.Helper()
	s.home = s.t.TempDir()
	s.place = "fs://" + filepath.Join(s.t.TempDir(), "store")
	s.repo = newStore(s.t, s.ctx, s.place)
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

// snapshots counts those in the store.
func (s *site) snapshots() int {
	s.t.Helper()
	must(s.t, s.repo.RebuildState())
	count := 0
	for _, err := range s.repo.ListSnapshots() {
		must(s.t, err)
		count++
	}
	return count
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

// dumped are the files of a dump by the program itself, without Plakar.
func (s *site) dumped(options ...string) map[string]string {
	s.t.Helper()
	repo := filepath.Join(s.home, "repo")
	s.run(append([]string{"-r", repo, "dump"}, options...)...)
	out := filepath.Join(s.home, "out")
	s.run("-r", repo, "extract", "latest", out)
	return folder(s.t, out)
}

// left are folders that the connector has not removed.
func (s *site) left() []string {
	s.t.Helper()
	left, err := filepath.Glob(filepath.Join(s.home, "cache/notion-backup/plakar/scratch/run-*"))
	must(s.t, err)
	return left
}

// folder are the files in a folder, as files gives those of a snapshot.
func folder(t testing.TB, root string) map[string]string {
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

func same(t testing.TB, what string, left, right map[string]string) {
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
