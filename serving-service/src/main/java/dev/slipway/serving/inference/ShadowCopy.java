package dev.slipway.serving.inference;

import dev.slipway.engine.tensor.Tensor;
import dev.slipway.serving.catalog.TrafficRule.Shadow;
import dev.slipway.serving.traffic.TrafficMeter;
import java.util.List;

/**
 * A request that was answered, for a shadow.
 *
 * @param shadow whom to ask, and how to compare
 * @param request as it came
 * @param answer what the caller got
 * @param meter counts what comes of it
 * @param bytes what request and answer take
 */
record ShadowCopy(
    Shadow shadow, InferenceRequest request, List<Tensor> answer, TrafficMeter meter, long bytes) {
  static ShadowCopy of(
      Shadow shadow, InferenceRequest request, List<Tensor> answer, TrafficMeter meter) {
    long bytes = request.inputs().sizeBytes() + answer.stream().mapToLong(Tensor::sizeBytes).sum();
    return new ShadowCopy(shadow, request, answer, meter, bytes);
  }
}
