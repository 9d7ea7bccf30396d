// Package tidy holds the tests about the source itself: which way imports point, sizes, comments and citations.
// It has no code of its own.
package tidy
