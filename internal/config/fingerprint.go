package config

import (
	"encoding/json"
	"reflect"

	"helpost/internal/sop"
)

// Fingerprint is the policy as JSON, the same bytes for the same policy: what the record of changed policies compares.
// Its keys are those of helpost.toml. It has no secrets and no addresses of machines.
func (c *Config) Fingerprint() ([]byte, error) {
	calendars := map[string]any{}
	for _, k := range c.Calendars {
		var days []string
		for _, h := range k.Holidays {
			days = append(days, dayTime(h.Date).Format("2006-01-02"))
		}
		calendars[k.Name] = map[string]any{"timezone": k.Timezone, "hours": keyed(k.Hours), "holidays": days}
	}
	repeat := map[sop.Priority]Duration{}
	for p, d := range repeats {
		if repeat[p] = (Duration{d}); c.Escalation.Repeat.Duration > 0 {
			repeat[p] = c.Escalation.Repeat
		}
	}
	escalation := keyed(c.Escalation).(map[string]any)
	escalation["repeat"] = repeat
	return json.Marshal(map[string]any{
		"policy":     keyed(c.SOP),
		"timezone":   c.Company.Timezone,
		"sla":        keyed(c.SLA),
		"matrix":     keyed(c.Priority.Matrix),
		"calendar":   calendars,
		"escalation": escalation,
		"agent":      keyed(c.AgentList),
		"team":       keyed(c.Teams),
		"validation": keyed(c.Validation),
	})
}

// keyed gives a section as a map by the keys of helpost.toml.
func keyed(section any) any {
	v := reflect.ValueOf(section)
	if _, isText := section.(Duration); isText {
		return section
	}
	switch v.Kind() {
	case reflect.Slice:
		list := make([]any, v.Len())
		for i := range list {
			list[i] = keyed(v.Index(i).Interface())
		}
		return list
	case reflect.Struct:
		m := map[string]any{}
		for key, i := range fieldsOf(v.Type()) {
			m[key] = keyed(v.Field(i).Interface())
		}
		return m
	}
	return section
}
