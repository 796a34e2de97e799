// Which cells of a published table are withheld, so that none that is small, and no small sum of them, can be computed
// from the others: complementary cell suppression in two-way tables of counts.
//
// A table of r × c cells is published with the sums of its rows, of its columns, and of all. Its cells and sums are the
// arcs of a network: row i → column j for a cell, column j → "sums of columns" for a column's sum, "sums of columns" →
// "sums of rows" for the sum of all, "sums of rows" → row i for a row's sum; what flows into a node flows out of it. A
// withheld number can be another one if and only if its arc lies on a cycle of withheld arcs around which one more can
// flow: forwards along any arc, backwards along one that can be lowered. Then everything published stays true.
//
// Zeros are published, so whoever sees a withheld cell knows that it is at least 1: a number of 1 cannot be lowered.
// There is always a solution, since every number but 0 lies on a forward cycle (its cell, its sums, the sum of all).
//
// Sums of withheld numbers can be computed, too: those in a row whose sum is published are what the others leave of it.
// What everybody knows is that as much flows into any set of nodes as out of it. So a sum of withheld numbers is known
// if and only if their arcs are all withheld ones between a set of nodes and the rest, and run in one direction; or if
// it is made of such sums. (Coefficients of a combination of the nodes' equations are differences of numbers given to
// the nodes; where all are 0 or 1, those numbers are levels, and between each two levels is such a cut.) Lines are the
// sets of one node. Guaranteed is that the cells of each known sum have at least the threshold of people together, each
// cell's people counted as if they were others: who is in two of the cells is counted twice. A maximum flow from one
// node of a small cell to the other finds the sum with the fewest people it is part of; a cycle through the cell that
// crosses that cut by a cell not withheld yet, which is not small, mends it. What is withheld later never makes a known
// sum smaller.
//
// Sources: L. H. Cox, Network models for complementary cell suppression, J. Am. Stat. Assoc. 90 (1995) 1453; D.
// Gusfield, A graph theoretic approach to statistical data security, SIAM J. Comput. 17 (1988) 552: which cells of a
// table can be computed; T. Hsu and M.-Y. Kao, Statistical disclosure control with general cell suppressions (2002):
// sums that are withheld, too. The cheapest cycle for one small cell after the other is a heuristic: the fewest cells
// withheld are not promised. What is prevented is that a number is known exactly, not that it is known within bounds,
// nor differences of withheld numbers.
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct suppression_cell {
    uint64_t least;  // the smallest of the numbers that are published in the cell, all of which add up; 0: all are 0
    uint64_t people; // how many are behind the cell, at least: small below the threshold, unless all numbers are 0
    bool withheld;   // filled in: never for a cell of zeros
};

// `cells` are rows + 1 times columns + 1, row by row; the last row holds the columns' sums, the last column the rows'
// sums. At most INT64_MAX people, and threshold.
void suppression_choose(struct suppression_cell *cells, size_t rows, size_t columns, uint64_t threshold);
