package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/inklingdb/inkling/engine/hook"
	"github.com/inklingdb/inkling/store"
	"github.com/inklingdb/inkling/udf"
	"github.com/inklingdb/inkling/udf/cel"
)

// Function is a function that queries and expressions may call.
type Function struct {
	Name      string   `json:"name"`
	Signature string   `json:"signature"`
	Doc       string   `json:"doc"`
	Examples  []string `json:"examples,omitempty"`
	User      bool     `json:"user,omitempty"` // defined in this database
	Body      string   `json:"body,omitempty"` // of a user's function, in CEL
}

// metaFunction is followed by the name of a user's function.
const metaFunction = "function:"

// userFunction is what the metadata keeps of one.
type userFunction struct {
	Body  string    `json:"body"`
	Added time.Time `json:"added"`
}

// userFunctions returns the users' functions in the order in which they were defined.
func userFunctions(v *store.View) ([]cel.UserFunction, error) {
	type dated struct {
		cel.UserFunction
		added time.Time
	}
	var found []dated
	for _, key := range v.MetaNames() {
		name, ok := strings.CutPrefix(key, metaFunction)
		if !ok {
			continue
		}
		var f userFunction
		if err := json.Unmarshal(v.Meta(key), &f); err != nil {
			return nil, fmt.Errorf("metadata of function %s: %w", name, err)
		}
		found = append(found, dated{cel.UserFunction{Name: name, Body: f.Body}, f.Added})
	}
	slices.SortStableFunc(found, func(a, b dated) int { return a.added.Compare(b.added) })
	list := make([]cel.UserFunction, len(found))
	for i, f := range found {
		list[i] = f.UserFunction
	}
	return list, nil
}

// loadFunctions makes the expression environment of what the metadata holds.
func (db *DB) loadFunctions() error {
	v, err := db.store.View()
	if err != nil {
		return err
	}
	defer v.Close()
	users, err := userFunctions(v)
	if err != nil {
		return err
	}
	env, err := cel.NewEnv(cel.Options{CostLimit: db.opts.Limits.CELCost, User: users})
	if err != nil {
		return err
	}
	db.expressions.Store(env)
	return nil
}

// Functions lists the built-in functions in the order of the manual, then those defined in this database.
func (db *DB) Functions() []Function {
	var list []Function
	for i := range udf.Functions {
		f := &udf.Functions[i]
		about := Function{Name: f.Name, Signature: f.Signature(), Doc: f.Doc}
		for _, e := range f.Examples {
			about.Examples = append(about.Examples, e.Call+"  → "+e.Answer)
		}
		list = append(list, about)
	}
	v, err := db.store.View()
	if err != nil {
		return list
	}
	defer v.Close()
	users, err := userFunctions(v)
	if err != nil {
		return list
	}
	for _, u := range users {
		about := Function{Name: u.Name, Signature: u.Name + "(…)", User: true, Body: u.Body}
		if parameters, err := db.expressions.Load().Parameters(u); err == nil {
			about.Signature = u.Name + "(" + strings.Join(parameters, ", ") + ")"
		}
		list = append(list, about)
	}
	return list
}

// DefineFunction stores a function written in CEL; its free identifiers are its parameters, in order of first use.
// An existing one of that name is replaced. It may use the functions defined before it.
func (db *DB) DefineFunction(ctx context.Context, name, body string) error {
	return db.changeFunctions(ctx, name, &userFunction{Body: body, Added: time.Now().UTC()})
}

// DropFunction removes a user's function; an error when another one uses it.
func (db *DB) DropFunction(ctx context.Context, name string) error {
	return db.changeFunctions(ctx, name, nil)
}

// changeFunctions sets or, with nil, removes a function, once the environment that results is sound.
func (db *DB) changeFunctions(ctx context.Context, name string, f *userFunction) error {
	db.functions.Lock()
	defer db.functions.Unlock()
	v, err := db.store.View()
	if err != nil {
		return err
	}
	defer v.Close()
	users, err := userFunctions(v)
	if err != nil {
		return err
	}
	at := slices.IndexFunc(users, func(u cel.UserFunction) bool { return u.Name == name })
	if at >= 0 {
		users = slices.Delete(users, at, at+1)
	} else if f == nil {
		return fmt.Errorf("engine: %w: no function %q is defined in this database", ErrBadInput, name)
	}
	var value []byte
	if f != nil {
		users = append(users, cel.UserFunction{Name: name, Body: f.Body})
		if value, err = json.Marshal(f); err != nil {
			return err
		}
	}
	env, err := cel.NewEnv(cel.Options{CostLimit: db.opts.Limits.CELCost, User: users})
	if err == nil {
		err = checkFunctions(env, users)
	}
	if err == nil {
		err = db.checkHooks(v, env)
	}
	if err != nil {
		return fmt.Errorf("engine: %w: function %s: %w", ErrBadInput, name, err)
	}
	if _, err := db.store.Update(ctx, "function:"+name, func(tx *store.Tx) error {
		return tx.SetMeta(metaFunction+name, value)
	}); err != nil {
		return fmt.Errorf("engine: function %s: %w", name, err)
	}
	db.expressions.Store(env)
	return db.reloadHooks()
}

// checkHooks compiles every hook that runs now, so that none calls a function that is gone.
func (db *DB) checkHooks(v *store.View, env *cel.Env) error {
	set := db.hooks.set.Load()
	if set == nil {
		return nil
	}
	for name, h := range set.all {
		if _, err := hook.Compile(env, hookNames(v), h.Definition); err != nil && !h.IsBroken() {
			return fmt.Errorf("hook %s: %w", name, err)
		}
	}
	return nil
}

// checkFunctions compiles every user's function, so that none calls what is gone.
func checkFunctions(env *cel.Env, users []cel.UserFunction) error {
	for _, u := range users {
		if _, err := env.Parameters(u); err != nil {
			return fmt.Errorf("%s: %w", u.Name, err)
		}
	}
	return nil
}
