// How long an unchanged backup of many pages takes, beside Plakar's own importer of files
// with the same tree, and how much memory the connector needs:
//
//	go test -C tests/plakar_host -run '^$' -bench Unchanged -benchtime 1x
//
// with NOTION_BACKUP and NOTION_SERVE of `cargo build --release --bin notion-backup
// --example serve`.

package plakar_host

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	fsexporter "github.com/PlakarKorp/integrations/fs/exporter"
	fsimporter "github.com/PlakarKorp/integrations/fs/importer"
	"github.com/PlakarKorp/kloset/connectors"
	"github.com/PlakarKorp/kloset/repository"
	"github.com/PlakarKorp/kloset/snapshot"
)

const (
	benchPages = 20_000
	// mostTime is how many times as long as for files a backup may take.
	mostTime = 1.5
	// mostMemory is in MiB.
	mostMemory = 150
	// rounds are tried of each; the fastest counts, because others use the machine.
	rounds = 3
)

func BenchmarkUnchanged(b *testing.B) {
	s := newSite(b, runtime.NumCPU(), "--pages", fmt.Sprint(benchPages))
	place := map[string]string{"location": "fs://" + b.TempDir()}
	fromFiles := newStore(b, s.ctx, "fs://"+filepath.Join(b.TempDir(), "store"))
	options := func() *connectors.Options {
		return &connectors.Options{MaxConcurrency: s.ctx.MaxConcurrency}
	}
	ofNotion := func() (*snapshot.Snapshot, *watched, float64) {
		plugin := start(b, s.plugin["importer"], s.env())
		imp, err := plugin.openImporter(s.ctx, s.config())
		must(b, err)
		watch := &watched{Importer: imp}
		snap, err := store(s.repo, watch, repository.DefaultType)
		must(b, err)
		memory := plugin.memory(b)
		plugin.end(b)
		return snap, watch, memory
	}
	ofFiles := func() *watched {
		imp, err := fsimporter.NewFSImporter(s.ctx, options(), "fs", place)
		must(b, err)
		watch := &watched{Importer: imp}
		_, err = store(fromFiles, watch, repository.DefaultType)
		must(b, err)
		return watch
	}

	snap, _, memory := ofNotion()
	exp, err := fsexporter.NewFSExporter(s.ctx, options(), "fs", place)
	must(b, err)
	must(b, snap.Export(exp, "/", &snapshot.ExportOptions{}))
	ofFiles()
	for _, concurrency := range []int{1, 8} {
		b.Run(fmt.Sprintf("concurrency %d", concurrency), func(b *testing.B) {
			s.ctx.MaxConcurrency = concurrency
			for b.Loop() {
				var notion, files []float64
				for range rounds {
					begin := time.Now()
					watch := ofFiles()
					files = append(files, time.Since(begin).Seconds())
					opened := len(watch.opened)
					theirs := watch.sent

					begin = time.Now()
					_, watch, peak := ofNotion()
					notion = append(notion, time.Since(begin).Seconds())
					memory = max(memory, peak)
					opened += len(watch.opened)
					ours := watch.sent
					if opened != 0 || ours < 2*benchPages || theirs < ours {
						b.Fatalf("%d opened of %d records from Notion and %d from files", opened, ours, theirs)
					}
				}
				ratio := slices.Min(notion) / slices.Min(files)
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(slices.Min(files), "s-files")
				b.ReportMetric(slices.Min(notion), "s-notion")
				b.ReportMetric(ratio, "ratio")
				b.ReportMetric(memory, "MiB")
				if ratio > mostTime || memory > mostMemory {
					b.Errorf("at most %v times as long and %v MiB are asked for", mostTime, mostMemory)
				}
			}
		})
	}
}

// memory is the most that the process has held so far, in MiB; Linux tells it.
func (p *process) memory(t testing.TB) float64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
	must(t, err)
	for _, line := range strings.Split(string(status), "\n") {
		var kibibytes float64
		if _, err := fmt.Sscanf(line, "VmHWM: %f kB", &kibibytes); err == nil {
			return kibibytes / 1024
		}
	}
	t.Fatal("this system does not tell it")
	return 0
}
