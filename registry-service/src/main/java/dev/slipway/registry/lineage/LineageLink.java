package dev.slipway.registry.lineage;

/**
 * Says that one thing went into another.
 *
 * @param role what the source is used as: the context of a dataset, the name of a pipeline's step;
 *     possibly empty
 */
public record LineageLink(
    LineageNode from, LineageNode to, LineageRelation relation, String role) {}
