// Package peers runs helpost among the programs that it lives with: a real Postfix in front of it and behind it, a real
// Dovecot that keeps the people's mail, swaks and curl as their mail clients. It shows what no double of ours can: that the
// envelope, the headers and the bounces of real mail systems lead back to the right ticket. The Postfix under test is
// configured with the very blocks of docs/mailsystems.md.
//
// It proves no rule of the SOP; those are tested where they are made. The servers run by `make peers` only, as root, for
// Postfix starts as nobody else; everything is on the loopback interface, in a folder of its own, and ends with the test.
package peers

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// wanted is the environment variable by which `make peers` asks for these tests.
const wanted = "HELPOST_PEERS"

// binary is the program under test, built once.
var binary string

func TestMain(m *testing.M) {
	if os.Getenv(wanted) == "" {
		os.Exit(m.Run()) // each test says why it is skipped
	}
	dir, err := os.MkdirTemp("", "peers-bin-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	binary = filepath.Join(dir, "helpost")
	build := exec.Command("go", "build", "-o", binary, "helpost/cmd/helpost")
	build.Stderr = os.Stderr
	code := 1
	if err := build.Run(); err == nil {
		code = m.Run()
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

// needed are the programs that must be there, by the path or name under which they are run.
var needed = []string{"postfix", postfixMaster, "dovecot", "swaks", "curl"}

// asked skips a test that was not asked for, and fails one that was and cannot run: asked for, it must not pass by
// doing nothing.
func asked(t *testing.T) {
	t.Helper()
	if os.Getenv(wanted) == "" {
		t.Skip("real mail servers are run by `make peers`")
	}
	if os.Geteuid() != 0 {
		t.Fatal("Postfix is started by root alone")
	}
	for _, name := range needed {
		if _, err := exec.LookPath(name); err != nil {
			t.Fatalf("%s is missing; `make peers` installs it (%v)", name, err)
		}
	}
}
