package test

import (
	"bufio"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A newcomer's first look: the story plays to its end, the line that is printed for a shell makes a ticket, Ctrl-C ends with 0.
func TestTheDemoTellsItsStoryAndTakesTheMailThatItShows(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("there is no curl here")
	}
	demo := exec.Command(binary, "demo", "--smtp", freeAddress(t), "--http", freeAddress(t), "--data", t.TempDir())
	demo.Stderr = os.Stderr
	out, err := demo.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := demo.Start(); err != nil {
		t.Fatal(err)
	}
	defer demo.Process.Kill()
	stuck := time.AfterFunc(2*time.Minute, func() { _ = demo.Process.Kill() })
	defer stuck.Stop()
	var told strings.Builder
	acknowledged := false
	for lines := bufio.NewScanner(out); lines.Scan(); {
		line := lines.Text()
		told.WriteString(line + "\n")
		if strings.Contains(line, "| curl ") {
			if said, err := exec.Command("sh", "-c", line).CombinedOutput(); err != nil {
				t.Errorf("%s: %v\n%s", line, err, said)
				break
			}
		}
		if strings.Contains(line, "helpost → budi@company.com") && !acknowledged {
			acknowledged = true
			_ = demo.Process.Signal(syscall.SIGINT)
		}
	}
	if !acknowledged {
		t.Fatalf("the mail of the printed line got no answer:\n%s", told.String())
	}
	if err := demo.Wait(); err != nil {
		t.Errorf("after SIGINT: %v", err)
	}
	for _, want := range []string{"obeyed #take", "joined dispute", "joined confirm", "duplicate", "quarantined", "error (unknown)", "suspicious", "escalated"} {
		if !strings.Contains(told.String(), want) {
			t.Errorf("the story does not tell of %q", want)
		}
	}
}
