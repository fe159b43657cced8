/**
 * A model package: the folder that holds a model, its {@code MLmodel} description in MLflow's
 * format, and optionally golden requests; and the digest that names its content.
 */
package dev.slipway.engine.packaging;
