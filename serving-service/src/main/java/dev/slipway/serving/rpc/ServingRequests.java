package dev.slipway.serving.rpc;

import dev.slipway.runtime.error.InvalidRequestException;
import dev.slipway.runtime.error.Violations;
import dev.slipway.serving.catalog.Selector;
import dev.slipway.serving.inference.InferenceRequest;
import dev.slipway.serving.inference.InferenceRequest.InputSource;
import dev.slipway.serving.inference.RowFaults;
import dev.slipway.serving.upstream.SelectorMessages;
import dev.slipway.serving.v1.LoadRequest;
import dev.slipway.serving.v1.ParameterValue;
import dev.slipway.serving.v1.PredictRequest;
import dev.slipway.serving.v1.PredictStreamOpen;
import dev.slipway.serving.v1.Tensors;
import dev.slipway.serving.v1.VersionSelector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads {@code slipway.serving.v1} requests. */
final class ServingRequests {
  private static final int MAX_ID = 256;
  private static final Duration MIN_KEEP_IDLE = Duration.ofSeconds(1);
  private static final Duration MAX_KEEP_IDLE = Duration.ofDays(365);

  private ServingRequests() {}

  /** Reads model and selector of a request that is about one version. */
  static Selector version(String model, VersionSelector selector) {
    Violations violations = new Violations();
    Selector read = version(model, selector, violations);
    violations.throwIfAny();
    return read;
  }

  /** Reads model and selector, noting what is wrong with them. */
  static Selector version(String model, VersionSelector selector, Violations violations) {
    violations.required("model", model);
    return selector("selector", selector, violations);
  }

  /**
   * Reads how long a version shall stay loaded without being used; absent for the server's own
   * time.
   */
  static Optional<Duration> keepIdle(LoadRequest request) {
    if (!request.hasKeepIdle()) {
      return Optional.empty();
    }
    Duration keepIdle =
        Duration.ofSeconds(request.getKeepIdle().getSeconds(), request.getKeepIdle().getNanos());
    if (keepIdle.compareTo(MIN_KEEP_IDLE) < 0 || keepIdle.compareTo(MAX_KEEP_IDLE) > 0) {
      throw InvalidRequestException.of("keep_idle", "must be 1 second to 365 days");
    }
    return Optional.of(keepIdle);
  }

  /**
   * Reads a selector, noting what is wrong with it.
   *
   * @param field path of the selector in its request
   */
  static Selector selector(String field, VersionSelector message, Violations violations) {
    return SelectorMessages.read(field, message, violations);
  }

  static InferenceRequest predict(PredictRequest request, CallContext call) {
    Violations violations = new Violations();
    violations.required("model", request.getModel());
    violations.atMost("id", request.getId(), MAX_ID);
    String routeKey =
        violations.atMost(
            "options.route_key", request.getOptions().getRouteKey(), RouteKeyHeader.MAX_KEY);
    Selector selector = selector("selector", request.getSelector(), violations);
    Optional<RowFaults> rowFaults =
        request.getOptions().getRowErrors() ? Optional.of(new RowFaults()) : Optional.empty();
    InputSource inputs =
        switch (request.getInputCase()) {
          case TENSORS -> new ServingTensors(request.getTensors());
          case DATA_FRAME -> new DataFrames(request.getDataFrame(), rowFaults);
          case INPUT_NOT_SET -> {
            violations.add("input", "is required: tensors or data_frame");
            yield new ServingTensors(Tensors.getDefaultInstance());
          }
        };
    Map<String, Object> parameters = new HashMap<>();
    request
        .getParametersMap()
        .forEach(
            (name, value) ->
                value(value)
                    .ifPresentOrElse(
                        known -> parameters.put(name, known),
                        () -> violations.add("parameters[" + name + "]", "has no value")));
    violations.throwIfAny();
    return new InferenceRequest(
        request.getModel(),
        selector,
        inputs,
        request.getOutputsList(),
        parameters,
        request.getOptions().getForceCompute(),
        rowFaults,
        routeKey.isEmpty() ? call.routeKey() : routeKey,
        call.deadlineNanos(),
        call.gone());
  }

  private static Optional<Object> value(ParameterValue message) {
    return switch (message.getKindCase()) {
      case BOOL_VALUE -> Optional.of(message.getBoolValue());
      case INT64_VALUE -> Optional.of(message.getInt64Value());
      case DOUBLE_VALUE -> Optional.of(message.getDoubleValue());
      case STRING_VALUE -> Optional.of(message.getStringValue());
      case LIST_VALUE -> {
        List<Object> items = new ArrayList<>();
        for (ParameterValue item : message.getListValue().getValuesList()) {
          Optional<Object> value = item.hasListValue() ? Optional.empty() : value(item);
          if (value.isEmpty()) {
            yield Optional.empty();
          }
          items.add(value.get());
        }
        yield Optional.of(items);
      }
      case KIND_NOT_SET -> Optional.empty();
    };
  }

  /** Fills what a request of a stream leaves to the stream's opening. */
  static PredictRequest merge(PredictStreamOpen open, PredictRequest request) {
    PredictRequest.Builder merged = request.toBuilder();
    if (request.getModel().isEmpty()) {
      merged.setModel(open.getModel());
      if (!request.hasSelector() && open.hasSelector()) {
        merged.setSelector(open.getSelector());
      }
    }
    if (request.getOutputsCount() == 0) {
      merged.addAllOutputs(open.getOutputsList());
    }
    if (request.getParametersCount() == 0) {
      merged.putAllParameters(open.getParametersMap());
    }
    if (!request.hasOptions() && open.hasOptions()) {
      merged.setOptions(open.getOptions());
    }
    return merged.build();
  }
}
