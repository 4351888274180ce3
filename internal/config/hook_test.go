package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"helpost/internal/sop"
)

// A hook that names its target alone is for every alarm, at limits that suit most; what it names counts.
func TestWhatAHookLeavesOut(t *testing.T) {
	path := write(t, least+`
[[hook]]
url = "https://alarm.company.com/helpost"
secret_file = "secret"
[[hook]]
exec = "bin/wake"
on = ["relay", "silence"]
silence_after = "2h"
calendar = "office"
disk_below = "5GB"
[[calendar]]
name = "office"
hours = { mon = ["08:00-17:00"] }
[debug]
listen = "unix:debug.sock"
`)
	dir := filepath.Dir(path)
	if err := os.Mkdir(filepath.Join(dir, "bin"), 0o700); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, "bin", "wake"), "#!/bin/sh\n")
	if err := os.Chmod(filepath.Join(dir, "bin", "wake"), 0o700); err != nil {
		t.Fatal(err)
	}
	c, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	plain, other := c.Hooks[0], c.Hooks[1]
	if d := DefaultHook(); !slices.Equal(plain.On, d.On) || len(d.On) != len(sop.Alarms) || plain.SilenceAfter != d.SilenceAfter || plain.RelayAfter != d.RelayAfter ||
		plain.QueueAfter != d.QueueAfter || plain.DiskBelow != d.DiskBelow || plain.Open != nil || len(plain.Secrets) != 1 {
		t.Errorf("a plain hook is %+v", plain)
	}
	if !other.For(sop.AlarmRelay) || other.For(sop.AlarmP1) || other.SilenceAfter.Duration != 2*time.Hour || other.Open == nil || other.DiskBelow.Bytes != 5<<30 ||
		other.Exec != filepath.Join(dir, "bin", "wake") || other.RelayAfter.Duration != 5*time.Minute {
		t.Errorf("the other is %+v", other)
	}
	if c.Debug.Listen != "unix:"+filepath.Join(dir, "debug.sock") {
		t.Errorf("profiles are at %q", c.Debug.Listen)
	}
	if len(c.Warnings) != 0 {
		t.Errorf("it warns: %v", c.Warnings)
	}
	unsigned := load(t, least+"[[hook]]\nurl = \"https://alarm.company.com/geheim\"\n")
	if len(unsigned.Warnings) != 1 || !strings.Contains(unsigned.Warnings[0].String(), "secret_file") || strings.Contains(unsigned.Warnings[0].String(), "geheim") {
		t.Errorf("without a secret it warns: %v", unsigned.Warnings)
	}
}
