/**
 * Inputs and answers of models as MLflow's scoring server writes them in JSON, CSV and NPY, to and
 * from the messages of {@code slipway.serving.v1}.
 */
package dev.slipway.gateway.scoring;
