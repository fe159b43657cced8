package dev.slipway.tracking.metric;

/**
 * Names the batch that a stream's writer commits.
 *
 * @param writerId the writer within its run
 * @param epoch the connection that the batch came on
 * @param seq the batch's number
 */
public record WriterAdvance(String writerId, long epoch, long seq) {}
