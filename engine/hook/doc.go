// Package hook says what a hook is: a condition in CEL on a change of the graph and an action. A Definition is what is
// stored; Compile checks it and gives a Hook, whose Match tells which changes of a commit it is about. Actions lists what
// a hook may do, Ready the hooks that need no writing. Webhook posts signed JSON, to this machine unless told otherwise.
//
// It neither follows the log nor writes to the store: the engine runs hooks, inside the commit (before-hooks) or after it
// (after-hooks). Hook and Webhook are immutable and safe for concurrent use; an Input belongs to one goroutine.
package hook
