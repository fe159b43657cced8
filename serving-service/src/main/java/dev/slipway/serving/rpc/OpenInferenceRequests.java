package dev.slipway.serving.rpc;

import dev.slipway.inference.InferParameter;
import dev.slipway.inference.ModelInferRequest;
import dev.slipway.inference.ModelRepositoryParameter;
import dev.slipway.runtime.error.Violations;
import dev.slipway.serving.catalog.Selector;
import dev.slipway.serving.inference.InferenceRequest;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** Reads Open Inference requests. */
final class OpenInferenceRequests {
  /** Hints of clients that say nothing about the prediction itself. */
  private static final Set<String> PASSED_OVER =
      Set.of(
          "priority",
          "sequence_start",
          "sequence_end",
          "binary_data_output",
          "content_type",
          "headers");

  private static final Set<String> SHARED_MEMORY =
      Set.of("shared_memory_region", "shared_memory_byte_size", "shared_memory_offset");

  /** Asks for the last of a request's replies to be marked. */
  static final String FINAL_RESPONSE_ASKED = "triton_enable_empty_final_response";

  /** Says whom a request is from: those with the same key take the same way through a canary. */
  static final String ROUTE_KEY = "slipway_route_key";

  /** Asks for an answer to be computed whatever the prediction cache holds. */
  static final String FORCE_COMPUTE = "slipway_force_compute";

  private OpenInferenceRequests() {}

  static Selector selector(String field, String slot, Violations violations) {
    return violations.parse(field, slot, Selector::ofSlot).orElse(Selector.PRODUCTION);
  }

  /** Reads name and version slot of a request that is about one version. */
  static Selector version(String name, String slot) {
    Violations violations = new Violations();
    violations.required("name", name);
    Selector selector = selector("version", slot, violations);
    violations.throwIfAny();
    return selector;
  }

  static InferenceRequest infer(ModelInferRequest request, CallContext call) {
    Violations violations = new Violations();
    violations.required("model_name", request.getModelName());
    Selector selector = selector("model_version", request.getModelVersion(), violations);
    refuseSharedMemory(request);
    Map<String, Object> parameters = new HashMap<>();
    CallContext within = call;
    String routeKey = call.routeKey();
    boolean forceCompute = false;
    for (Map.Entry<String, InferParameter> entry : request.getParametersMap().entrySet()) {
      String name = entry.getKey();
      String field = "parameters[" + name + "]";
      Optional<Object> value = value(entry.getValue());
      if (name.equals("timeout")) {
        if (value
            .filter(Long.class::isInstance)
            .map(Long.class::cast)
            .filter(micros -> micros >= 0)
            .isEmpty()) {
          violations.add(field, "must be a number of microseconds, at least 0");
        } else if ((Long) value.get() > 0) {
          within = call.within((Long) value.get());
        }
      } else if (name.equals("sequence_id")) {
        if (value.isPresent() && !value.get().equals(0L) && !value.get().equals("")) {
          violations.add(field, "the model keeps no sequences");
        }
      } else if (name.equals(ROUTE_KEY)) {
        if (value.filter(String.class::isInstance).isEmpty()) {
          violations.add(field, "must be text");
        } else {
          routeKey = violations.atMost(field, (String) value.get(), RouteKeyHeader.MAX_KEY);
        }
      } else if (name.equals(FORCE_COMPUTE)) {
        if (value.filter(Boolean.class::isInstance).isEmpty()) {
          violations.add(field, "must be a truth value");
        } else {
          forceCompute = (Boolean) value.get();
        }
      } else if (name.startsWith("triton_")) {
        if (!name.equals(FINAL_RESPONSE_ASKED)) {
          violations.add(field, "names beginning triton_ are reserved");
        }
      } else if (!PASSED_OVER.contains(name)) {
        value.ifPresentOrElse(
            known -> parameters.put(name, known), () -> violations.add(field, "has no value"));
      }
    }
    violations.throwIfAny();
    return new InferenceRequest(
        request.getModelName(),
        selector,
        new OpenInferenceTensors(request),
        outputs(request),
        parameters,
        forceCompute,
        Optional.empty(),
        routeKey,
        within.deadlineNanos(),
        within.gone());
  }

  private static List<String> outputs(ModelInferRequest request) {
    return request.getOutputsCount() == 0
        ? List.of()
        : request.getOutputsList().stream()
            .map(ModelInferRequest.InferRequestedOutputTensor::getName)
            .toList();
  }

  /** Refuses tensors elsewhere, since their missing chunks would put the others out of step. */
  private static void refuseSharedMemory(ModelInferRequest request) {
    for (int i = 0; i < request.getInputsCount(); i++) {
      refuseSharedMemory("inputs[" + i + "]", request.getInputs(i).getParametersMap());
    }
    for (int i = 0; i < request.getOutputsCount(); i++) {
      Map<String, InferParameter> parameters = request.getOutputs(i).getParametersMap();
      refuseSharedMemory("outputs[" + i + "]", parameters);
      if (parameters.containsKey("classification")) {
        throw new UnsupportedFeatureException(
            "CLASSIFICATION_NOT_SUPPORTED",
            "outputs[" + i + "].parameters[classification]",
            "this server does not rank outputs; ask for the output itself");
      }
    }
  }

  private static void refuseSharedMemory(String field, Map<String, InferParameter> parameters) {
    if (parameters.isEmpty()) {
      return;
    }
    for (String name : SHARED_MEMORY) {
      if (parameters.containsKey(name)) {
        throw new UnsupportedFeatureException(
            "SHARED_MEMORY_NOT_SUPPORTED",
            field + ".parameters[" + name + "]",
            "this server does not offer shared memory; send the tensor in the message");
      }
    }
  }

  private static Optional<Object> value(InferParameter parameter) {
    return switch (parameter.getParameterChoiceCase()) {
      case BOOL_PARAM -> Optional.of(parameter.getBoolParam());
      case INT64_PARAM -> Optional.of(parameter.getInt64Param());
      case STRING_PARAM -> Optional.of(parameter.getStringParam());
      case DOUBLE_PARAM -> Optional.of(parameter.getDoubleParam());
      // Beyond 2^63 the value would change its sign: it fits no parameter.
      case UINT64_PARAM ->
          parameter.getUint64Param() < 0
              ? Optional.empty()
              : Optional.of(parameter.getUint64Param());
      case PARAMETERCHOICE_NOT_SET -> Optional.empty();
    };
  }

  /**
   * Returns the model that a load or unload names; KServe's clients put it where Triton's put the
   * repository.
   */
  static String repositoryModel(String repositoryName, String modelName) {
    String model = modelName.isEmpty() ? repositoryName : modelName;
    Violations violations = new Violations();
    violations.required("model_name", model);
    violations.throwIfAny();
    return model;
  }

  /**
   * Returns the version that a load or unload names, if it does; refuses parameters that are not
   * supported.
   */
  static Optional<Selector> repositoryVersion(
      Map<String, ModelRepositoryParameter> parameters, Set<String> passedOver) {
    Violations violations = new Violations();
    Optional<Selector> selector = Optional.empty();
    for (Map.Entry<String, ModelRepositoryParameter> entry : parameters.entrySet()) {
      String field = "parameters[" + entry.getKey() + "]";
      if (entry.getKey().equals("version")) {
        if (entry.getValue().hasStringParam()) {
          selector = Optional.of(selector(field, entry.getValue().getStringParam(), violations));
        } else if (entry.getValue().hasInt64Param() && entry.getValue().getInt64Param() > 0) {
          selector = Optional.of(new Selector.Numbered(entry.getValue().getInt64Param()));
        } else {
          violations.add(field, "must be a version, a stage or an alias, as text");
        }
      } else if (!passedOver.contains(entry.getKey())) {
        violations.add(field, "is not supported: models and their settings come from the registry");
      }
    }
    violations.throwIfAny();
    return selector;
  }

  static boolean wantsFinalResponse(ModelInferRequest request) {
    InferParameter parameter = request.getParametersMap().get(FINAL_RESPONSE_ASKED);
    return parameter != null && parameter.getBoolParam();
  }
}
