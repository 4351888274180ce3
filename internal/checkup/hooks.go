package checkup

import (
	"context"
	"fmt"
	"strings"

	"helpost/internal/alarm"
	"helpost/internal/config"
)

// hooks says who is called for what, and calls them all where that is asked for.
func hooks(ctx context.Context, c *config.Config, s Surroundings) []Finding {
	var all []Finding
	for _, h := range c.Hooks {
		made := alarm.Hook{URL: h.URL, Exec: h.Exec, Secrets: h.Secrets}
		what := made.Name() + " for " + strings.Join(h.On, ", ")
		if !s.Call {
			all = append(all, Finding{Fine, "hook", what + " (check --hook tries it)"})
			continue
		}
		if err := alarm.Try(ctx, &made, alarm.Test(c.SMTP.Hostname, s.Now), s.Now); err != nil {
			all = append(all, Finding{Unreachable, "hook", fmt.Sprintf("%s did not take a test call: %v", made.Name(), err)})
			continue
		}
		all = append(all, Finding{Fine, "hook", what + " took a test call"})
	}
	return all
}
