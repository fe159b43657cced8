/** Commands about registered models: {@code slipway models}. */
package dev.slipway.cli.registry;
