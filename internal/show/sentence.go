package show

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"helpost/internal/api"
)

// sentences say what each event means; %w is who did it, a word in braces is a field of its data.
var sentences = map[string]string{
	"created":     "the ticket was made",
	"completed":   "%w gave what was missing",
	"responded":   "%w gave the first answer",
	"assigned":    "it was given to {assignee}",
	"prioritised": "%w decided: priority {priority}",
	"classified":  "%w classified it: {type} {category}",
	"paused":      "%w paused it until {paused_until}: {reason}",
	"resumed":     "the clock went on",
	"handling":    "%w chose how it is handled: {handling}",
	"resolved":    "%w resolved it; the reporter was asked whether it works",
	"confirmed":   "%w confirmed the fix",
	"disputed":    "%w disputed the fix",
	"closed":      "it was closed ({how}) {reason}",
	"reopened":    "%w opened it again",
	"merged":      "it was merged into {into}",
	"absorbed":    "it took over {from}",
	"escalated":   "it was escalated to level {level} {why} {reason}",
	"warned":      "the {clock} target was about to be missed",
	"breached":    "the {clock} target was missed",
	"reminded":    "the reporter was reminded {why}",
	"watchers":    "%w set the watchers: {watchers}",
	"reporter":    "%w named the reporter: {reporter}",
	"rejected":    "%w rejected it as spam and blocked the sender",
	"suspected":   "it was marked: words on it are not proven to be who they say",
	"undelivered": "a notice ({kind}) did not reach {to}: {status} {text}",
	"held":        "silence does not close it: {why}",
	"opened":      "work on it began",
	"acted":       "%w acted",
	"extended":    "the answer was not clear; the time to answer began anew",
}

// sentence tells an event.
func sentence(e api.Event, zone *time.Location) string {
	if e.Type == "notified" {
		return notified(e)
	}
	form, known := sentences[e.Type]
	if !known {
		return e.Type + " " + string(raw(e.Data))
	}
	var said strings.Builder
	for form != "" {
		before, rest, field := strings.Cut(form, "{")
		said.WriteString(strings.ReplaceAll(before, "%w", cmp.Or(e.Actor, "somebody who was erased")))
		if !field {
			break
		}
		name, after, _ := strings.Cut(rest, "}")
		said.WriteString(plain(e.Data[name], zone))
		form = after
	}
	return line(strings.TrimRight(strings.TrimSpace(said.String()), ": "), 500)
}

func notified(e api.Event) string {
	var kinds, to []string
	_ = json.Unmarshal(e.Data["notices"], &kinds) // what is absent stays empty
	_ = json.Unmarshal(e.Data["to"], &to)
	var told []string
	for i, k := range kinds {
		who := "?"
		if i < len(to) {
			who = to[i]
		}
		told = append(told, fmt.Sprintf("%s to %s", k, who))
	}
	return line("notices: "+strings.Join(told, ", "), 500)
}

// plain tells a field's value: words as they are, times in the zone, of a list and an object what stands in them.
func plain(v json.RawMessage, zone *time.Location) string {
	var field any
	if json.Unmarshal(v, &field) != nil {
		return ""
	}
	return told(field, zone)
}

func told(v any, zone *time.Location) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		if t, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return moment(t, zone)
		}
		return v
	case []any:
		var all []string
		for _, one := range v {
			all = append(all, told(one, zone))
		}
		return strings.Join(all, ", ")
	case map[string]any:
		var all []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			if s := told(v[name], zone); s != "" {
				all = append(all, s)
			}
		}
		return strings.Join(all, ", ")
	}
	return fmt.Sprint(v)
}

func raw(data map[string]json.RawMessage) []byte {
	out, err := json.Marshal(data)
	if err != nil {
		return nil
	}
	return out
}
