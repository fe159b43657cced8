package dev.slipway.registry.check;

/**
 * Is a condition that a version must meet before it enters a stage.
 *
 * @param name unique within a policy
 */
public record Check(CheckName name, CheckCondition condition) {}
