package cel

import (
	"fmt"
	"math"
	"sync"

	celgo "cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"

	"github.com/inklingdb/inkling/udf"
)

// Options says how an Env is made.
type Options struct {
	CostLimit uint64 // of one evaluation, in cel-go's units; 0 is DefaultCostLimit, MaxUint64 none
	User      []UserFunction
}

// DefaultCostLimit stops an expression after about a second of plain steps.
const DefaultCostLimit = 10_000_000

// Env holds what expressions may use. What it holds does not change, and it is safe for concurrent use.
type Env struct {
	env   *celgo.Env
	costs uint64

	mu       sync.Mutex          // guards programs
	programs map[string]*Program // compiled before, by variables and source; at most keptPrograms
}

// keptPrograms is how many compiled programs an Env keeps. Compiling a call of one function takes 0.2 ms, most of it
// declaring the variables and planning: as long as the call itself on 14,541 entities.
const keptPrograms = 256

// longestKept is the length in bytes beyond which an expression is not kept, so that those kept stay small.
const longestKept = 4096

// NewEnv returns an environment with the standard library, string, list and math extensions, all of udf.Functions,
// match, and the users' functions, of which a later one may use an earlier one.
func NewEnv(o Options) (*Env, error) {
	if o.CostLimit == 0 {
		o.CostLimit = DefaultCostLimit
	}
	options := []celgo.EnvOption{
		ext.Strings(), ext.Lists(), ext.Math(),
		celgo.CrossTypeNumericComparisons(true),
		celgo.ParserExpressionSizeLimit(maxSourceRunes),
		celgo.Function(matchName, celgo.Overload(matchName+"_string", []*celgo.Type{celgo.StringType},
			celgo.ListType(celgo.MapType(celgo.StringType, celgo.DynType)), celgo.LateFunctionBinding())),
	}
	for i := range udf.Functions {
		options = append(options, declaration(&udf.Functions[i]))
	}
	env, err := celgo.NewEnv(options...)
	if err != nil {
		return nil, fmt.Errorf("cel: declaring the functions: %w", err)
	}
	for _, f := range o.User {
		macro, err := expansion(env, f)
		if err != nil {
			return nil, err
		}
		if env, err = env.Extend(celgo.Macros(macro)); err != nil {
			return nil, fmt.Errorf("cel: declaring %s: %w", f.Name, err)
		}
	}
	return &Env{env: env, costs: o.CostLimit, programs: map[string]*Program{}}, nil
}

const (
	matchName      = "match"
	maxSourceRunes = 100_000
)

// declaration declares a function with one overload for each choice of optional arguments.
func declaration(f *udf.Function) celgo.EnvOption {
	var overloads []celgo.FunctionOpt
	for choice := range 1 << len(f.Optional) {
		id := f.Name + "_of" // an overload may not be called like its function
		var arguments []*celgo.Type
		for range f.Params {
			arguments = append(arguments, celgo.StringType)
		}
		for i, p := range f.Optional {
			if choice&(1<<i) != 0 {
				id += "_" + p.Name
				arguments = append(arguments, argumentType(p.Type))
			}
		}
		overloads = append(overloads, celgo.Overload(id, arguments, resultType(f.Result), celgo.LateFunctionBinding()))
	}
	return celgo.Function(f.Name, overloads...)
}

func argumentType(t udf.Type) *celgo.Type {
	switch t {
	case udf.Count:
		return celgo.IntType
	case udf.Flag:
		return celgo.BoolType
	case udf.Share:
		return celgo.DoubleType
	}
	return celgo.StringType
}

func resultType(t udf.Type) *celgo.Type {
	switch t {
	case udf.Truth:
		return celgo.BoolType
	case udf.Integer:
		return celgo.IntType
	case udf.Number:
		return celgo.DoubleType
	case udf.Nodes:
		return celgo.ListType(celgo.StringType)
	}
	return celgo.ListType(celgo.MapType(celgo.StringType, celgo.DynType))
}

// extend returns the environment with variables of any type.
func (e *Env) extend(variables []string) (*celgo.Env, error) {
	if len(variables) == 0 {
		return e.env, nil
	}
	options := make([]celgo.EnvOption, len(variables))
	for i, v := range variables {
		options[i] = celgo.Variable(v, celgo.DynType)
	}
	env, err := e.env.Extend(options...)
	if err != nil {
		return nil, fmt.Errorf("cel: declaring variables: %w", err)
	}
	return env, nil
}

// program plans a checked expression under the cost limit.
func (e *Env) program(env *celgo.Env, ast *celgo.Ast) (celgo.Program, error) {
	options := []celgo.ProgramOption{celgo.InterruptCheckFrequency(checkSteps)}
	if e.costs != math.MaxUint64 {
		options = append(options, celgo.CostLimit(e.costs), celgo.CostTracking(costs{}))
	}
	return env.Program(ast, options...)
}

// checkSteps is how many steps of a comprehension pass between looks at the context.
const checkSteps = 256

// costs weighs Inkling's functions in cel-go's units, about 0.1 µs each.
type costs struct{}

// CallCost returns the cost of a call; nil leaves it to cel-go.
func (costs) CallCost(function, _ string, _ []ref.Val, _ ref.Val) *uint64 {
	cost := uint64(10_000) // ranks every entity, or asks the graph
	if f, ok := udf.ByName(function); ok {
		if f.Result == udf.Truth || f.Result == udf.Number || f.Result == udf.Integer {
			cost = 20
		}
	} else if function != matchName {
		return nil
	}
	return &cost
}
