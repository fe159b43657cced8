/**
 * Runs packages of the {@code python_function} flavor in worker processes of their own: a pool of
 * them for each loaded package, watched, restarted, and fed over their standard input and output.
 */
package dev.slipway.engine.predictor.python;
