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
	for _, concurrency := range []int{1, 8} {
		b.Run(fmt.Sprintf("concurrency %d", concurrency), func(b *testing.B) {
			s := newSite(b, concurrency, "--pages", fmt.Sprint(benchPages))
			folder := b.TempDir()
			fromFiles := newStore(b, s.ctx, "fs://"+filepath.Join(b.TempDir(), "store"))
			options := &connectors.Options{MaxConcurrency: concurrency}
			place := map[string]string{"location": "fs://" + folder}

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
				imp, err := fsimporter.NewFSImporter(s.ctx, options, "fs", place)
				must(b, err)
				watch := &watched{Importer: imp}
				_, err = store(fromFiles, watch, repository.DefaultType)
				must(b, err)
				return watch
			}

			snap, _, memory := ofNotion()
			exp, err := fsexporter.NewFSExporter(s.ctx, options, "fs", place)
			must(b, err)
			must(b, snap.Export(exp, "/", &snapshot.ExportOptions{}))
			ofFiles()

			for b.Loop() {
				var notion, files time.Duration
				for range rounds {
					begin := time.Now()
					watch := ofFiles()
					took := time.Since(begin)
					if files == 0 || took < files {
						files = took
					}
					records := watch.sent
					if len(watch.opened) != 0 {
						b.Fatalf("%d files were opened", len(watch.opened))
					}

					begin = time.Now()
					_, watch, peak := ofNotion()
					took = time.Since(begin)
					if notion == 0 || took < notion {
						notion = took
					}
					memory = max(memory, peak)
					if len(watch.opened) != 0 || watch.sent < 2*benchPages {
						b.Fatalf("%d of %d records were opened", len(watch.opened), watch.sent)
					}
					b.Logf("%d records from Notion, %d from files", watch.sent, records)
				}
				ratio := notion.Seconds() / files.Seconds()
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(files.Seconds(), "s-files")
				b.ReportMetric(notion.Seconds(), "s-notion")
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
