// Package vec holds the float32 kernels that every model stands on: vector operations, matrix products,
// distances, pairs of a row with sampled rows of a table and their gradients, softmax, the steps of Adagrad and
// Adam, and the selection of the best scores.
//
// On amd64 each kernel exists as AVX-512 and as AVX2+FMA assembly, written by the generator in the nested
// module gen and chosen once at run time by what the processor offers. Everywhere else, and under the build
// tag purego, the plain Go twin runs (twin.go, twin_distance.go, tile.go); it is also the meaning of the assembly.
// Variants differ in the order of additions, in fused rounding, and in the last bits of a complex modulus: on
// one variant, equal inputs give equal bytes, whatever the number of workers.
//
// Slices may be of any alignment and length; outputs must not overlap inputs unless a function says so.
// Lengths that do not fit are a broken invariant of the caller and panic. NaN and infinities travel as IEEE
// arithmetic carries them, unless a function says otherwise.
package vec
