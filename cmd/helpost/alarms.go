package main

import (
	"context"
	"path/filepath"
	"syscall"
	"time"

	"helpost/internal/alarm"
	"helpost/internal/api"
	"helpost/internal/config"
	"helpost/internal/sop"
)

// newWatch makes what watches a house and calls its hooks.
func newWatch(cfg *config.Config, h *house) (*alarm.Watch, error) {
	return alarm.New(alarm.Parts{
		Store: h.store, Hooks: hooksOf(cfg), Limits: limitsOf(config.DefaultHook()), Host: cfg.SMTP.Hostname, Prefix: cfg.Tickets.Prefix, Log: h.log,
		LastMail: h.gateway.LastMail,
		Relay: func() time.Time {
			if s := h.mailer.State(); s.Failing {
				return s.Since
			}
			return time.Time{}
		},
		Queue: func(ctx context.Context) (since time.Time, err error) {
			if age, err := h.mailer.QueueAge(ctx); err != nil || age > 0 {
				return time.Now().Add(-age), err
			}
			return since, nil
		},
		Free: func() (int64, error) { return free(filepath.Dir(cfg.Store.Path), cfg.Blobs.Dir) },
	})
}

func hooksOf(cfg *config.Config) []alarm.Hook {
	var all []alarm.Hook
	for _, h := range cfg.Hooks {
		made := alarm.Hook{URL: h.URL, Exec: h.Exec, Secrets: h.Secrets, Limits: limitsOf(h)}
		for _, on := range h.On {
			made.On = append(made.On, sop.Alarm(on))
		}
		all = append(all, made)
	}
	return all
}

func limitsOf(h config.Hook) alarm.Limits {
	return alarm.Limits{Silence: h.SilenceAfter.Duration, Open: h.Open, Relay: h.RelayAfter.Duration, Queue: h.QueueAfter.Duration, Disk: h.DiskBelow.Bytes}
}

// free says how many bytes are left for us on the disk of these folders that has the least.
func free(folders ...string) (int64, error) {
	least := int64(-1)
	for _, f := range folders {
		var disk syscall.Statfs_t
		if err := syscall.Statfs(f, &disk); err != nil {
			return -1, err
		}
		if left := int64(disk.Bavail) * int64(disk.Bsize); least < 0 || left < least {
			least = left
		}
	}
	return least, nil
}

// standing lists the alarms that stand, as readiness tells them.
func (h *house) standing() []api.Alarm {
	all := []api.Alarm{}
	for _, s := range h.alarms.Standing() {
		all = append(all, api.Alarm{Alarm: string(s.Alarm), Since: s.Since.UTC(), Text: s.Text})
	}
	return all
}
