// Trouble on Notion's side: it passes, or it is told, and nothing else is lost.

package plakar_host

import (
	"strings"
	"testing"
)

func TestBadWeatherLeavesNoTraceInASnapshot(t *testing.T) {
	s := newSite(t, 2, "--random", "6")
	calm, _ := s.backup()
	stored, errors := files(t, calm), failures(t, calm)
	for _, seed := range []string{"1", "2"} {
		s.empty()
		s.notion.forget()
		s.notion.say("weather "+seed, &struct{}{})
		snap, _ := s.backup()
		if struck := s.notion.mend(); struck < 10 {
			t.Errorf("seed %s: only %d requests were struck", seed, struck)
		}
		same(t, "files", files(t, snap), stored)
		same(t, "errors", failures(t, snap), errors)
		s.check(snap)
	}
}

func TestBadWeatherLeavesNoTraceInARestore(t *testing.T) {
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
	s := newSite(t, 2)
	calm, _ := s.backup()
	var page string
	s.notion.say("unshare commented", &page)
	snap, _ := s.backup()
	before, after := files(t, calm), files(t, snap)
	for path := range before {
		about := strings.Contains(path, "/"+page+"/") || strings.HasPrefix(path, "/.notion-backup/")
		if _, there := after[path]; !there && !about {
			t.Errorf("%s is lost", path)
		}
	}
	known := failures(t, calm)
	for path, message := range failures(t, snap) {
		if _, old := known[path]; !old {
			t.Logf("new: %s: %s", path, message)
		}
	}
	for path := range after {
		if strings.Contains(path, page) {
			t.Logf("there: %s %s", path, after[path])
		}
	}
	s.check(snap)
}
