// A host for the connector that is made of Plakar's own parts: its package manager, its
// gRPC clients and its engine. There is no protocol and no storage code of ours in it.

package plakar_host

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	gexporter "github.com/PlakarKorp/integration-grpc/exporter"
	gimporter "github.com/PlakarKorp/integration-grpc/importer"
	_ "github.com/PlakarKorp/integrations/fs/exporter"
	fsimporter "github.com/PlakarKorp/integrations/fs/importer"
	_ "github.com/PlakarKorp/integrations/fs/storage"
	_ "github.com/PlakarKorp/integrations/ptar/storage"
	"github.com/PlakarKorp/kloset/caching"
	"github.com/PlakarKorp/kloset/caching/pebble"
	"github.com/PlakarKorp/kloset/connectors"
	"github.com/PlakarKorp/kloset/connectors/exporter"
	"github.com/PlakarKorp/kloset/connectors/importer"
	"github.com/PlakarKorp/kloset/connectors/storage"
	"github.com/PlakarKorp/kloset/hashing"
	"github.com/PlakarKorp/kloset/kcontext"
	"github.com/PlakarKorp/kloset/logging"
	"github.com/PlakarKorp/kloset/objects"
	"github.com/PlakarKorp/kloset/repository"
	"github.com/PlakarKorp/kloset/resources"
	"github.com/PlakarKorp/kloset/snapshot"
	"github.com/PlakarKorp/kloset/snapshot/vfs"
	"github.com/PlakarKorp/kloset/versioning"
	"github.com/PlakarKorp/pkg"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// must fails the test when there is an error.
func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newContext is what a plakar command works in.
func newContext(t testing.TB, concurrency int) *kcontext.KContext {
	cache, err := os.MkdirTemp("", "kloset-cache")
	must(t, err)
	ctx := kcontext.NewKContext()
	ctx.Client = "notion-backup-test"
	ctx.MaxConcurrency = concurrency
	ctx.CacheDir = cache
	ctx.SetCache(caching.NewManager(pebble.Constructor(cache)))
	ctx.SetLogger(logging.NewLogger(io.Discard, io.Discard))
	t.Cleanup(func() {
		ctx.Close()
		_ = ctx.GetCache().Close()
		os.RemoveAll(cache)
	})
	return ctx
}

// newStore makes a store without encryption at a location.
func newStore(t testing.TB, ctx *kcontext.KContext, location string) *repository.Repository {
	config := storage.NewConfiguration()
	config.Encryption = nil
	serialized, err := config.ToBytes()
	must(t, err)
	wrapped, err := storage.Serialize(hashing.GetHasher(hashing.DEFAULT_HASHING_ALGORITHM),
		resources.RT_CONFIG, versioning.GetCurrentVersion(resources.RT_CONFIG), bytes.NewReader(serialized))
	must(t, err)
	whole, err := io.ReadAll(wrapped)
	must(t, err)
	store, err := storage.Create(ctx, map[string]string{"location": location}, whole)
	must(t, err)
	repo, err := repository.New(ctx, nil, store, whole)
	must(t, err)
	return repo
}

// openStore opens the store at a location.
func openStore(t testing.TB, ctx *kcontext.KContext, location string) *repository.Repository {
	store, wrapped, err := storage.Open(ctx, map[string]string{"location": location})
	must(t, err)
	repo, err := repository.New(ctx, nil, store, wrapped)
	must(t, err)
	return repo
}

// connector is a plugin as the package manager loaded it.
type connector struct {
	Executable string
	Args       []string
}

// install makes a package of a folder with a manifest, and loads it, all below work.
func install(t testing.TB, folder, work string) map[pkg.ConnectorType]connector {
	name := "notion_v0.0.1_" + runtime.GOOS + "_" + runtime.GOARCH + ".ptar"
	file := filepath.Join(work, name)
	ctx := newContext(t, 1)
	repo := newStore(t, ctx, "ptar://"+file)
	imp, err := fsimporter.NewFSImporter(ctx, &connectors.Options{MaxConcurrency: 1}, "fs",
		map[string]string{"location": "fs://" + folder})
	must(t, err)
	if _, err := store(repo, imp, repository.PtarType); err != nil {
		t.Fatal(err)
	}
	must(t, repo.Store().Close(ctx))

	found := map[pkg.ConnectorType]connector{}
	loaded := func(manifest *pkg.Manifest, _ *pkg.Package, extracted string) {
		for _, it := range manifest.Connectors {
			if len(it.Protocols) != 1 || it.Protocols[0] != "notion" {
				t.Errorf("protocols are %v", it.Protocols)
			}
			found[it.Type] = connector{filepath.Join(extracted, it.Executable), it.Args}
		}
	}
	backend, err := pkg.NewFlatBackend(newContext(t, 1), filepath.Join(work, "packages"),
		filepath.Join(work, "extracted"), &pkg.FlatBackendOptions{LoadHook: loaded})
	must(t, err)
	manager, err := pkg.New(backend, nil)
	must(t, err)
	must(t, manager.Add(file, &pkg.AddOptions{}))
	return found
}

// pipes is a connection over a process's standard input and output.
type pipes struct {
	net.Conn // for the addresses and deadlines that nobody asks for
	io.Reader
	io.WriteCloser
}

func (p pipes) Read(bytes []byte) (int, error)  { return p.Reader.Read(bytes) }
func (p pipes) Write(bytes []byte) (int, error) { return p.WriteCloser.Write(bytes) }
func (p pipes) Close() error                    { return p.WriteCloser.Close() }

// process is a running plugin.
type process struct {
	conn    *grpc.ClientConn
	command *exec.Cmd
	stdin   io.Closer
	errors  *bytes.Buffer
	ended   chan error
}

// start runs a plugin as Plakar does; it inherits the files.
func start(t testing.TB, it connector, env []string, files ...*os.File) *process {
	t.Helper()
	command := exec.Command(it.Executable, it.Args...)
	command.Env = env
	command.ExtraFiles = files
	stdin, err := command.StdinPipe()
	must(t, err)
	stdout, err := command.StdoutPipe()
	must(t, err)
	errors := &bytes.Buffer{}
	command.Stderr = errors
	must(t, command.Start())
	address, other := net.Pipe()
	t.Cleanup(func() { address.Close(); other.Close() })
	wire := pipes{address, stdout, stdin}
	conn, err := grpc.NewClient("127.0.0.1:0",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) { return wire, nil }))
	must(t, err)
	running := &process{conn, command, stdin, errors, make(chan error, 1)}
	go func() { running.ended <- command.Wait() }()
	t.Cleanup(func() {
		stdin.Close()
		_ = command.Process.Kill()
	})
	return running
}

// end hangs up, as Plakar does by exiting, and waits for the plugin to end.
func (p *process) end(t testing.TB) {
	t.Helper()
	must(t, p.stdin.Close())
	if err := <-p.ended; err != nil {
		t.Errorf("the plugin ended with %v: %s", err, p.errors)
	}
}

// kill ends the plugin as a power cut would, and waits for that.
func (p *process) kill(t testing.TB) {
	t.Helper()
	must(t, p.command.Process.Kill())
	<-p.ended
}

// openImporter calls Init of the importer.
func (p *process) openImporter(ctx *kcontext.KContext, config map[string]string) (importer.Importer, error) {
	options := &connectors.Options{MaxConcurrency: ctx.MaxConcurrency, OperatingSystem: runtime.GOOS, Architecture: runtime.GOARCH}
	return gimporter.NewImporter(ctx, p.conn, options, "notion", config)
}

// openExporter calls Init of the exporter.
func (p *process) openExporter(ctx *kcontext.KContext, config map[string]string) (exporter.Exporter, error) {
	options := &connectors.Options{MaxConcurrency: ctx.MaxConcurrency, OperatingSystem: runtime.GOOS, Architecture: runtime.GOARCH}
	return gexporter.NewExporter(ctx, p.conn, options, "notion", config)
}

// watched counts what the engine opens of an importer.
type watched struct {
	importer.Importer
	mutex  sync.Mutex
	opened []string
	sent   int
	// onOpen, if there is one, is called before the first byte of each file is read.
	onOpen func()
}

// watchedReader is a record's content that tells when it is read.
type watchedReader struct {
	io.ReadCloser
	once sync.Once
	tell func()
}

func (r *watchedReader) Read(bytes []byte) (int, error) {
	r.once.Do(r.tell)
	return r.ReadCloser.Read(bytes)
}

func (w *watched) Import(ctx context.Context, records chan<- *connectors.Record, results <-chan *connectors.Result) error {
	between := make(chan *connectors.Record)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(records)
		for record := range between {
			w.mutex.Lock()
			w.sent++
			w.mutex.Unlock()
			if record.Reader != nil {
				path := record.Pathname
				record.Reader = &watchedReader{ReadCloser: record.Reader, tell: func() {
					w.mutex.Lock()
					defer w.mutex.Unlock()
					w.opened = append(w.opened, path)
					if w.onOpen != nil {
						w.onOpen()
					}
				}}
			}
			records <- record
		}
	}()
	err := w.Importer.Import(ctx, between, results)
	<-done
	return err
}

// store backs an importer up and returns the snapshot.
func store(repo *repository.Repository, imp importer.Importer, kind repository.RepositoryType) (*snapshot.Snapshot, error) {
	builder, err := snapshot.Create(repo, kind, "", objects.NilMac, &snapshot.BuilderOptions{Name: "test"})
	if err != nil {
		return nil, err
	}
	defer builder.Close()
	parent, err := parentOf(repo, imp)
	if err != nil {
		return nil, err
	}
	if parent != nil {
		cache, err := parent.FilesystemWithCache()
		if err != nil {
			return nil, err
		}
		builder.WithVFSCache(cache)
	}
	source, err := snapshot.NewSource(repo.AppContext(), imp)
	if err != nil {
		return nil, err
	}
	if err := builder.Backup(source); err != nil {
		return nil, err
	}
	if err := builder.Commit(); err != nil {
		return nil, err
	}
	if kind == repository.PtarType {
		return nil, nil
	}
	if err := repo.RebuildState(); err != nil {
		return nil, err
	}
	return snapshot.Load(repo, builder.Header.Identifier)
}

// parentOf is the latest snapshot of the same type, origin and root.
func parentOf(repo *repository.Repository, imp importer.Importer) (*snapshot.Snapshot, error) {
	var latest *snapshot.Snapshot
	for id, err := range repo.ListSnapshots() {
		if err != nil {
			return nil, err
		}
		snap, err := snapshot.Load(repo, id)
		if err != nil {
			return nil, err
		}
		source := snap.Header.GetSource(0).Importer
		same := source.Type == imp.Type() && source.Origin == imp.Origin() && source.Directory == imp.Root()
		if same && (latest == nil || snap.Header.Timestamp.After(latest.Header.Timestamp)) {
			latest = snap
		}
	}
	return latest, nil
}

// files are the paths and contents of a snapshot's files.
func files(t testing.TB, snap *snapshot.Snapshot) map[string]string {
	system, err := snap.Filesystem()
	must(t, err)
	found := map[string]string{}
	for path, err := range system.Pathnames() {
		must(t, err)
		entry, err := system.GetEntry(path)
		must(t, err)
		if entry.IsDir() {
			found[strings.TrimSuffix(path, "/")+"/"] = ""
			continue
		}
		found[path] = content(t, system, entry)
	}
	return found
}

func content(t testing.TB, system *vfs.Filesystem, entry *vfs.Entry) string {
	file, err := entry.Open(system)
	must(t, err)
	defer file.Close()
	bytes, err := io.ReadAll(file)
	must(t, err)
	return string(bytes)
}

// failures are the paths and messages of a snapshot's errors.
func failures(t testing.TB, snap *snapshot.Snapshot) map[string]string {
	system, err := snap.Filesystem()
	must(t, err)
	found := map[string]string{}
	for item, err := range system.Errors("/") {
		must(t, err)
		found[item.Name] = item.Error
	}
	return found
}
