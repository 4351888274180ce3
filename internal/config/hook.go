package config

import (
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"helpost/internal/sop"
	"helpost/workflow"
)

// Hook is an alarm beside mail ([[hook]]): whom it calls, and what for.
type Hook struct {
	On           []string `toml:"on"`          // sop.Alarm; default: all of them
	URL          string   `toml:"url"`         // of http or https, or
	Exec         string   `toml:"exec"`        // a program
	SecretFile   string   `toml:"secret_file"` // signs what goes to URL
	SilenceAfter Duration `toml:"silence_after"`
	Calendar     string   `toml:"calendar"` // on which silence counts
	RelayAfter   Duration `toml:"relay_after"`
	QueueAfter   Duration `toml:"queue_after"`
	DiskBelow    Size     `toml:"disk_below"`

	Secrets [][]byte          `toml:"-"` // the keys of SecretFile: each signs
	Open    workflow.Calendar `toml:"-"` // of Calendar; nil: always
}

// DefaultHook is a hook that names neither a target nor what it is for: what stands where [[hook]] says nothing.
func DefaultHook() Hook {
	h := Hook{
		SilenceAfter: Duration{8 * time.Hour}, Calendar: Always, RelayAfter: Duration{5 * time.Minute},
		QueueAfter: Duration{4 * time.Hour}, DiskBelow: Size{1 << 30},
	}
	for _, a := range sop.Alarms {
		h.On = append(h.On, string(a))
	}
	return h
}

// hooks checks whom alarms call.
func (k *checker) hooks() {
	for i := range k.Hooks {
		path := item("hook", i)
		k.hook(path, &k.Hooks[i])
		for j := range i {
			if one, other := k.Hooks[i], k.Hooks[j]; one.URL == other.URL && one.Exec == other.Exec {
				k.fail(path, "[[hook]] in line %d calls the same; name all that it is for in one on = […]", k.at.line(item("hook", j)))
			}
		}
	}
}

func (k *checker) hook(path string, h *Hook) {
	k.hookDefaults(path, h)
	if len(h.On) == 0 {
		k.fail(join(path, "on"), "on is empty: the hook would call for nothing; remove it for all alarms")
	}
	known := make([]string, len(sop.Alarms))
	for i, a := range sop.Alarms {
		known[i] = string(a)
	}
	for i, on := range h.On {
		k.oneOf(item(join(path, "on"), i), on, known...)
	}
	switch {
	case (h.URL == "") == (h.Exec == ""):
		k.fail(path, "[[hook]] calls either a url or a program: set one of url and exec")
	case h.URL != "":
		k.hookURL(join(path, "url"), h.URL)
	default:
		k.program(join(path, "exec"), &h.Exec)
	}
	switch {
	case h.SecretFile != "":
		for _, line := range k.secrets(join(path, "secret_file"), &h.SecretFile, 16) {
			h.Secrets = append(h.Secrets, []byte(line))
		}
		if h.Exec != "" {
			k.warn(join(path, "secret_file"), "[[hook]] secret_file counts only with a url: a program is called by nobody else")
		}
	case h.URL != "":
		k.warn(path, "[[hook]] with a url and without a secret_file: whoever knows the address can call it; set secret_file, and let the receiver check the signature")
	}
	const most = 30 * 24 * time.Hour
	k.within(join(path, "silence_after"), h.SilenceAfter, most)
	k.within(join(path, "relay_after"), h.RelayAfter, most)
	k.within(join(path, "queue_after"), h.QueueAfter, most)
	k.knownCalendar(join(path, "calendar"), h.Calendar)
	h.Open = k.calendars[h.Calendar]
}

// hookDefaults fills in what a [[hook]] leaves out.
func (k *checker) hookDefaults(path string, h *Hook) {
	d := DefaultHook()
	if !k.at.has(join(path, "on")) {
		h.On = d.On
	}
	if h.Calendar == "" {
		h.Calendar = d.Calendar
	}
	if !k.at.has(join(path, "disk_below")) {
		h.DiskBelow = d.DiskBelow
	}
	for _, f := range []struct {
		key      string
		to, from *Duration
	}{{"silence_after", &h.SilenceAfter, &d.SilenceAfter}, {"relay_after", &h.RelayAfter, &d.RelayAfter}, {"queue_after", &h.QueueAfter, &d.QueueAfter}} {
		if !k.at.has(join(path, f.key)) {
			*f.to = *f.from
		}
	}
}

// hookURL checks where a hook calls. Its path and query may be secrets of their own, so no error repeats them.
func (k *checker) hookURL(path, raw string) {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Opaque != "":
		k.fail(path, "url is no web address; write it like \"https://alarm.company.com/helpost\"")
	case u.User != nil || u.Fragment != "":
		k.fail(path, "url: a name, a password or a #part in it would not be sent; take them out, secret_file signs the calls")
	}
}

// program checks that a file can be run.
func (k *checker) program(path string, name *string) {
	if strings.ContainsAny(*name, " \t") {
		if _, err := os.Stat(k.resolve(*name)); err != nil {
			k.fail(path, "exec is the name of one program, without arguments: it is not given to a shell, and reads the alarm as JSON on its standard input")
			return
		}
	}
	k.exists(path, name, false)
	if info, err := os.Stat(*name); err == nil && !info.IsDir() && info.Mode().Perm()&0o111 == 0 {
		k.fail(path, "exec: %s cannot be run; run: chmod +x %s", *name, *name)
	}
}

// debug checks where the program shows its inside: to who is on this machine alone.
func (k *checker) debug() {
	d := &k.Debug
	if d.Listen == "" {
		return
	}
	if file, isUnix := strings.CutPrefix(d.Listen, "unix:"); isUnix {
		if file = k.resolve(file); file == "" || len(file) > 103 {
			k.fail("debug.listen", "listen: %q must be unix: and a path of at most 103 bytes", d.Listen)
		}
		d.Listen = "unix:" + file
		return
	}
	k.hostPort("debug.listen", d.Listen, false)
	host, _, err := net.SplitHostPort(d.Listen)
	if a, bad := netip.ParseAddr(host); err == nil && host != "localhost" && (bad != nil || !a.IsLoopback()) {
		k.fail("debug.listen", "listen: %q can be reached from outside, and shows the memory of the program; write \"127.0.0.1:6060\" or \"unix:/run/helpost/debug.sock\"", d.Listen)
	}
}

// For says whether a hook is called for an alarm.
func (h *Hook) For(a sop.Alarm) bool { return slices.Contains(h.On, string(a)) }
