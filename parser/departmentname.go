package parser

import (
	"slices"
	"strings"
)

// addDepartments takes the company's own departments, each with what people call it: the names and words of its configuration,
// and the usual names that mean the same ([same]). What the configuration says of a name goes first, and a usual name that
// would fit two of its departments is neither's.
func (v *vocabulary) addDepartments(l lists, own []Department) {
	for _, d := range own {
		for _, name := range append([]string{d.Name}, d.Words...) {
			v.canonical[strings.ToLower(name)] = d.Name
		}
	}
	configured := make(map[string]string, len(v.canonical)) // without "Departemen" around it, to the department
	for name, d := range v.canonical {
		configured[v.trimUnit(name)] = d
	}
	for _, line := range l.phrases("department/same") {
		names := splitSame(line)
		var whose []string
		for _, name := range names {
			if d, ok := configured[name]; ok && !slices.Contains(whose, d) {
				whose = append(whose, d)
			}
		}
		if len(whose) != 1 {
			continue
		}
		for _, name := range names {
			if _, taken := v.canonical[name]; !taken {
				v.canonical[name] = whose[0]
			}
		}
	}
}

// splitSame gives the names of a line of [same].
func splitSame(line string) []string {
	names := strings.Split(line, "=")
	for i := range names {
		names[i] = strings.TrimSpace(names[i])
	}
	return names
}
