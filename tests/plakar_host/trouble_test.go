// Trouble on Notion's side: it passes, or it is told, and nothing else is lost.

package plakar_host

import (
	"maps"
	"path"
	"strings"
	"testing"
)

func TestBadWeatherLeavesNoTraceInASnapshot(t *testing.T) {
	t.Parallel()
	s := newSite(t, 2, "--random", "6")
	calm, _ := s.backup()
	stored, errors := files(t, calm), failures(t, calm)
	for _, seed := range []string{"1", "2"} {
		s.empty()
		s.notion.forget()
		s.notion.say("weather "+seed, &struct{}{})
		snap, _ := s.backup()
		if struck := s.notion.mend(); struck < 5 {
			t.Errorf("seed %s: only %d requests were struck", seed, struck)
		}
		same(t, "files", files(t, snap), stored)
		same(t, "errors", failures(t, snap), errors)
		s.check(snap)
	}
}

func TestBadWeatherLeavesNoTraceInARestore(t *testing.T) {
	t.Parallel()
	s := newSite(t, 2, "--random", "3")
	snap, _ := s.backup("comments", "blocks")
	s.notion.forget()
	s.notion.say("weather 3", &struct{}{})
	target, err := s.restore(snap, "/")
	if err != nil {
		t.Errorf("it ended with %v", err)
	}
	if struck := s.notion.mend(); struck < 5 {
		t.Errorf("only %d requests were struck", struck)
	}
	s.judge(target)
}

func TestAPageThatIsWithdrawnIsToldAndNothingElseIsLost(t *testing.T) {
	t.Parallel()
	s := newSite(t, 2)
	calm, _ := s.backup()
	var page string
	s.notion.say("unshare commented", &page)
	snap, _ := s.backup()
	before, after := files(t, calm), files(t, snap)
	told := false
	for it, content := range after {
		if strings.HasPrefix(it, "/.notion-backup/ledger/") {
			for line := range strings.Lines(content) {
				told = told || strings.Contains(line, `"id":"`+page+`"`) && strings.Contains(line, `"status":"not_shared"`)
			}
		}
	}
	if !told {
		t.Error("the ledger does not say that the page is not shared")
	}
	// Its parent no longer says that it stands there.
	parent := ""
	for it := range before {
		if strings.HasSuffix(it, "/"+page+"/") {
			parent = path.Dir(path.Dir(it)) + "/page.json"
		}
	}
	if _, there := after[parent]; !there || parent == "" {
		t.Errorf("%q is lost", parent)
	}
	for _, it := range []map[string]string{before, after} {
		maps.DeleteFunc(it, func(it, _ string) bool {
			return it == parent || strings.Contains(it, "/"+page+"/") || strings.HasPrefix(it, "/.notion-backup/")
		})
	}
	same(t, "other pages", after, before)
	same(t, "errors", failures(t, snap), failures(t, calm))
	s.check(snap)
}
