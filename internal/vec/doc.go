// Package vec holds the float32 kernels that every model stands on: vector operations, matrix products,
// softmax, the Adagrad step and the selection of the best scores.
//
// On amd64 each kernel exists as AVX-512 and as AVX2+FMA assembly, written by the generator in the nested
// module gen and chosen once at run time by what the processor offers. Everywhere else, and under the build
// tag purego, the plain Go twin in twin.go runs; it is also the meaning of the assembly. Variants differ only
// in the order of additions and in fused rounding: on one variant, equal inputs give equal bytes, whatever
// the number of workers.
//
// Slices may be of any alignment and length; outputs must not overlap inputs unless a function says so.
// Lengths that do not fit are a broken invariant of the caller and panic. NaN and infinities travel as IEEE
// arithmetic carries them, unless a function says otherwise.
package vec
