package dev.slipway.tracking.metric;

/**
 * Says where a writer of a run stands.
 *
 * @param epoch number of its newest connection, from 1
 * @param committedSeq number of its last durable batch; 0 when there is none
 */
public record WriterPosition(long epoch, long committedSeq) {}
