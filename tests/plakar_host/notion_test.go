// The Notion in memory, which is another program: tests/serve.rs says what it obeys.

package plakar_host

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// notion is a running Notion in memory.
type notion struct {
	t      testing.TB
	input  io.Writer
	output *bufio.Scanner
	URL    string `json:"url"`
	Token  string `json:"token"`
}

func program(t testing.TB, variable string) string {
	path := os.Getenv(variable)
	if path == "" {
		t.Fatalf("%s is not set: run this with .ci/run, or see the top of this file", variable)
	}
	return path
}

// startNotion starts one; the arguments say what is in it.
func startNotion(t testing.TB, arguments ...string) *notion {
	t.Helper()
	command := exec.Command(program(t, "NOTION_SERVE"), arguments...)
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
	n.forget()
	return counts
}

// forget forgets the requests so far.
func (n *notion) forget() {
	n.t.Helper()
	n.say("forget", &struct{}{})
}

// mend makes everything work again, and returns how many requests did not.
func (n *notion) mend() int {
	n.t.Helper()
	var struck int
	n.say("mend", &struck)
	return struck
}

// hold lets so many requests to an endpoint pass, and answers no more of them.
func (n *notion) hold(number int, endpoint string) {
	n.t.Helper()
	n.say(fmt.Sprintf("hold %d %s", number, endpoint), &struct{}{})
}

// held returns when so many requests to an endpoint have passed.
func (n *notion) held(number int, endpoint string) {
	n.t.Helper()
	n.say(fmt.Sprintf("held %d %s", number, endpoint), &struct{}{})
}

// compare judges what is below a page as a copy of the workspace, or of a page of it.
func (n *notion) compare(words ...string) []string {
	n.t.Helper()
	var differences []string
	n.say("compare "+strings.Join(words, " "), &differences)
	return differences
}
