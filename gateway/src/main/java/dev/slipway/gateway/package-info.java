/**
 * Is the HTTP edge of the suite: it owns no data and no rule. Each route translates a protocol of
 * HTTP clients and calls a service's stub; {@code gateway.mlflow} speaks MLflow's REST interface,
 * {@code gateway.http} is what all of them share.
 */
package dev.slipway.gateway;
