package hook

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Definition is a hook as its author writes it and as the database keeps it.
type Definition struct {
	Name string `json:"name"` // a lower-case letter, then letters, digits, - and _; at most 63
	When string `json:"when"` // Before or After
	On   string `json:"on"`   // Insert, Delete or Both; unless given, Both where the condition looks at change.op, else Insert
	// Condition is a CEL expression over a change; "" holds of every change.
	Condition string            `json:"condition,omitempty"`
	Relations []string          `json:"relations,omitempty"` // only changes with one of these relations; nil: any
	Graphs    []string          `json:"graphs,omitempty"`    // only changes of these graphs, DefaultGraph among them; nil: any
	Action    string            `json:"action"`              // a name of Actions
	Params    map[string]string `json:"params,omitempty"`    // of the action
	Message   string            `json:"message,omitempty"`   // what a rejection or warning says
	OnError   string            `json:"on_error,omitempty"`  // what a before-hook does when its condition fails: Reject, Warn or Ignore
	CostLimit uint64            `json:"cost_limit,omitempty"`
	// TimeLimit bounds the condition on each BatchChanges changes of a commit, and one attempt of the action.
	TimeLimit time.Duration `json:"time_limit_ns,omitempty"`
	Attempts  int           `json:"attempts,omitempty"` // of an after-hook's action, before it becomes a dead letter
	Added     time.Time     `json:"added"`
}

// Values of a Definition's When, On and OnError.
const (
	Before = "before"
	After  = "after"

	Insert = "insert"
	Delete = "delete"
	Both   = "both"

	Reject = "reject"
	Warn   = "warn"
	Ignore = "ignore" // the change counts as one that the hook is not about; the failure is counted and logged

	DefaultGraph = "default" // in Graphs
)

// Defaults of a Definition's limits. A condition of 100,000 steps takes about 10 ms.
const (
	DefaultCostLimit = 100_000
	DefaultTimeLimit = 5 * time.Second
	DefaultAttempts  = 8
	BatchChanges     = 1024
)

// ErrDefinition is wrapped by errors about what a definition says.
var ErrDefinition = errors.New("bad hook")

// Source returns what commits made by a hook carry as their source: depth counts the hooks that led to it, from 1.
func Source(name string, depth int) string { return fmt.Sprintf("%s%s/%d", sourcePrefix, name, depth) }

const sourcePrefix = "hook:"

// ParseSource is the inverse of Source: the hook's name, "" when a commit was not made by a hook, and its depth.
func ParseSource(source string) (name string, depth int) {
	rest, ours := strings.CutPrefix(source, sourcePrefix)
	if !ours {
		return "", 0
	}
	name, number, _ := strings.Cut(rest, "/")
	if _, err := fmt.Sscanf(number, "%d", &depth); err != nil || depth < 1 {
		depth = 1
	}
	return name, depth
}

// Reserved reports whether a source may only be a hook's.
func Reserved(source string) bool { return strings.HasPrefix(source, sourcePrefix) }

var validName = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,62}$`)

// CheckName returns an ErrDefinition for what cannot be a hook's name.
func CheckName(name string) error {
	if !validName.MatchString(name) {
		return fmt.Errorf("%w: %q is no name for a hook: use a lower-case letter, then letters, digits, - and _, at most 63", ErrDefinition, name)
	}
	return nil
}

// maxConditionBytes bounds what is kept in the metadata.
const maxConditionBytes = 16 << 10

// withDefaults returns d with empty fields filled in.
func (d Definition) withDefaults() Definition {
	fill := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	fill(&d.When, After)
	if a := ActionByName(d.Action); a != nil && !a.After {
		d.When = Before
	}
	fill(&d.On, Insert)
	fill(&d.OnError, Reject)
	if d.CostLimit == 0 {
		d.CostLimit = DefaultCostLimit
	}
	if d.TimeLimit == 0 {
		d.TimeLimit = DefaultTimeLimit
	}
	if d.Attempts == 0 {
		d.Attempts = DefaultAttempts
	}
	return d
}

// check returns an ErrDefinition that says what to write instead.
func (d Definition) check() error {
	if err := CheckName(d.Name); err != nil {
		return err
	}
	fault := func(format string, args ...any) error {
		return fmt.Errorf("%w %s: %s", ErrDefinition, d.Name, fmt.Sprintf(format, args...))
	}
	a := ActionByName(d.Action)
	switch {
	case a == nil:
		return fault("no action %q; there are %s", d.Action, strings.Join(actionNames(), ", "))
	case d.When != Before && d.When != After:
		return fault("when is %q; it is before or after", d.When)
	case d.When == Before && !a.Before:
		return fault("%s runs after the commit, not before", a.Name)
	case d.When == After && !a.After:
		return fault("%s runs before the commit, not after", a.Name)
	case !slices.Contains([]string{Insert, Delete, Both}, d.On):
		return fault("on is %q; it is insert, delete or both", d.On)
	case !slices.Contains([]string{Reject, Warn, Ignore}, d.OnError):
		return fault("on_error is %q; it is reject, warn or ignore", d.OnError)
	case len(d.Condition) > maxConditionBytes || len(d.Message) > maxConditionBytes:
		return fault("condition and message may have %d bytes", maxConditionBytes)
	case d.TimeLimit < time.Millisecond || d.TimeLimit > 10*time.Minute:
		return fault("the time limit is %v; it is 1 ms to 10 min", d.TimeLimit)
	case d.Attempts < 1 || d.Attempts > 100:
		return fault("attempts is %d; it is 1 to 100", d.Attempts)
	}
	return a.checkParams(d)
}
