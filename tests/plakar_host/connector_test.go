// What a user of Plakar sees of the connector, against the Notion in memory.
//
// NOTION_BACKUP is the program, NOTION_SERVE the one that serves the Notion in memory
// (`cargo build --example serve`); `.ci/run` sets both.

package plakar_host

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	fsexporter "github.com/PlakarKorp/integrations/fs/exporter"
	"github.com/PlakarKorp/kloset/connectors"
	"github.com/PlakarKorp/kloset/kcontext"
	"github.com/PlakarKorp/kloset/snapshot"
)

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
	t.Parallel()
	for _, concurrency := range []int{1, 8} {
		t.Run(fmt.Sprintf("concurrency %d", concurrency), func(t *testing.T) {
			s := newSite(t, concurrency)
			first, watch := s.backup()
			s.check(first)
			stored := files(t, first)
			if len(watch.opened) == 0 || watch.sent != len(stored)+len(failures(t, first)) {
				t.Errorf("%d opened, %d sent, %d stored", len(watch.opened), watch.sent, len(stored))
			}

			same(t, "dump", s.dumped(), stored)

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
			if left := s.left(); len(left) != 0 {
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
	t.Parallel()
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
	s.notion.mend()
	mended, _ := s.backup()
	same(t, "errors", failures(t, mended), before)
	if !strings.Contains(files(t, mended)[path], "Nobody reads this.") {
		t.Errorf("%s was not read again", path)
	}
}

func TestOptionsAndTokensThatAreWrongAreToldAtOnce(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
	s := newSite(t, 2)
	plugin := start(t, s.plugin["importer"], s.env())
	imp, err := plugin.openImporter(s.ctx, s.config())
	must(t, err)
	must(t, imp.Ping(s.ctx))
	plugin.end(t)
}

func TestACancelledBackupLeavesNothingAndTheNextOneIsWhole(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
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
