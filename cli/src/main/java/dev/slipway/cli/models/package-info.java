/** Commands that call models: {@code slipway predict}, {@code describe} and {@code bench}. */
package dev.slipway.cli.models;
