package dev.slipway.registry.check;

/**
 * Is one comparison made within a check.
 *
 * @param subject what was compared: a metric, or the name of a golden request
 * @param expected what was asked for: {@code >= 0.95}
 * @param actual what was found: {@code 0.942}
 */
public record CheckComparison(String subject, String expected, String actual, boolean passed) {}
