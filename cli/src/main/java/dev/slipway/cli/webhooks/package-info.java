/** Commands about webhooks of the registry: {@code slipway webhooks}. */
package dev.slipway.cli.webhooks;
