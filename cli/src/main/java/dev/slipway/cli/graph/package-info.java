/** {@code slipway graph}: the steps of a pipeline and what feeds them. */
package dev.slipway.cli.graph;
