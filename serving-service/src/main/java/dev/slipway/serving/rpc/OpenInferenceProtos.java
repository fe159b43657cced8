package dev.slipway.serving.rpc;

import dev.slipway.engine.signature.SignatureChecks;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.engine.tensor.TensorMetadata;
import dev.slipway.inference.DataType;
import dev.slipway.inference.InferBatchStatistics;
import dev.slipway.inference.InferParameter;
import dev.slipway.inference.InferStatistics;
import dev.slipway.inference.MemoryUsage;
import dev.slipway.inference.ModelConfig;
import dev.slipway.inference.ModelDynamicBatching;
import dev.slipway.inference.ModelInferRequest;
import dev.slipway.inference.ModelInferResponse;
import dev.slipway.inference.ModelInput;
import dev.slipway.inference.ModelInstanceGroup;
import dev.slipway.inference.ModelMetadataResponse;
import dev.slipway.inference.ModelOutput;
import dev.slipway.inference.ModelParameter;
import dev.slipway.inference.ModelResponseCache;
import dev.slipway.inference.ModelStatistics;
import dev.slipway.inference.ModelTransactionPolicy;
import dev.slipway.inference.ModelVersionPolicy;
import dev.slipway.inference.RepositoryIndexResponse.ModelIndex;
import dev.slipway.inference.StatisticDuration;
import dev.slipway.serving.catalog.CatalogVersion;
import dev.slipway.serving.catalog.Selector;
import dev.slipway.serving.execution.ModelStatistics.Counter;
import dev.slipway.serving.execution.QueueLimits;
import dev.slipway.serving.inference.InferenceResult;
import dev.slipway.serving.model.LoadedModel;
import dev.slipway.serving.model.ModelStatus;
import dev.slipway.serving.model.Route;
import dev.slipway.serving.model.StageRouter.Target;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/** Writes Open Inference replies. */
final class OpenInferenceProtos {
  private OpenInferenceProtos() {}

  static ModelInferResponse answer(ModelInferRequest request, InferenceResult result) {
    Target target = result.target();
    CatalogVersion version = target.version();
    ModelInferResponse.Builder response =
        ModelInferResponse.newBuilder()
            .setModelName(request.getModelName())
            .setModelVersion(Long.toString(version.key().version()))
            .setId(request.getId())
            .putParameters("slipway_version", text(Long.toString(version.key().version())))
            .putParameters("slipway_digest", text(version.packageDigest()))
            .putParameters(
                "slipway_batch_size",
                InferParameter.newBuilder().setInt64Param(result.batchRows()).build())
            .putParameters(
                "slipway_cache_hit",
                InferParameter.newBuilder().setBoolParam(result.cacheHit()).build())
            .putParameters(
                "slipway_revision",
                InferParameter.newBuilder().setInt64Param(target.revision()).build());
    if (target.asked() instanceof Selector.InStage inStage) {
      response.putParameters("slipway_stage", text(inStage.stage().text()));
    }
    if (target.route() != Route.NONE) {
      response.putParameters("slipway_route", text(target.route().name().toLowerCase(Locale.ROOT)));
    }
    if (!version.runId().isEmpty()) {
      response.putParameters("slipway_run_id", text(version.runId()));
    }
    for (Tensor output : result.outputs()) {
      OpenInferenceTensors.add(output, response);
    }
    return response.build();
  }

  private static InferParameter text(String value) {
    return InferParameter.newBuilder().setStringParam(value).build();
  }

  static ModelMetadataResponse metadata(LoadedModel model, Collection<Long> versions) {
    ModelMetadataResponse.Builder response =
        ModelMetadataResponse.newBuilder()
            .setName(model.version().key().model())
            .setPlatform(model.predictor().platform());
    versions.forEach(version -> response.addVersions(Long.toString(version)));
    model.predictor().inputs().forEach(input -> response.addInputs(metadata(input)));
    model.predictor().outputs().forEach(output -> response.addOutputs(metadata(output)));
    return response.build();
  }

  private static ModelMetadataResponse.TensorMetadata metadata(TensorMetadata tensor) {
    return ModelMetadataResponse.TensorMetadata.newBuilder()
        .setName(tensor.name())
        .setDatatype(tensor.datatype().oipName())
        .addAllShape(tensor.shape().toList())
        .build();
  }

  static ModelIndex index(ModelStatus status) {
    String state =
        switch (status.state()) {
          case AVAILABLE, FAILED -> "UNAVAILABLE";
          case LOADING -> "LOADING";
          case READY -> "READY";
          case UNLOADING -> "UNLOADING";
        };
    String reason =
        status
            .failure()
            .map(failure -> failure.cause().getMessage())
            .orElse(state.equals("UNAVAILABLE") ? "unloaded" : "");
    return ModelIndex.newBuilder()
        .setName(status.key().model())
        .setVersion(Long.toString(status.key().version()))
        .setState(state)
        .setReason(reason)
        .build();
  }

  static ModelIndex neverLoaded(String model) {
    return ModelIndex.newBuilder()
        .setName(model)
        .setState("UNAVAILABLE")
        .setReason("never loaded")
        .build();
  }

  static ModelStatistics statistics(LoadedModel model) {
    dev.slipway.serving.execution.ModelStatistics figures = model.statistics();
    ModelStatistics.Builder response =
        ModelStatistics.newBuilder()
            .setName(model.version().key().model())
            .setVersion(Long.toString(model.version().key().version()))
            .setLastInference(figures.lastUsedMillis())
            .setInferenceCount(figures.rows())
            .setExecutionCount(figures.engineCalls())
            .setInferenceStats(
                InferStatistics.newBuilder()
                    .setSuccess(duration(figures.success()))
                    .setFail(duration(figures.fail()))
                    .setQueue(duration(figures.queue()))
                    .setComputeInput(duration(figures.assembly()))
                    .setComputeInfer(duration(figures.compute()))
                    .setComputeOutput(duration(figures.split()))
                    .setCacheHit(duration(figures.cacheHit()))
                    .setCacheMiss(duration(figures.cacheMiss())))
            .addMemoryUsage(
                MemoryUsage.newBuilder().setType("CPU").setByteSize(model.memoryBytes()));
    figures
        .batches()
        .forEach(
            (rows, batch) ->
                response.addBatchStats(
                    InferBatchStatistics.newBuilder()
                        .setBatchSize(rows)
                        .setComputeInput(duration(batch.assembly()))
                        .setComputeInfer(duration(batch.compute()))
                        .setComputeOutput(duration(batch.split()))));
    return response.build();
  }

  private static StatisticDuration duration(Counter counter) {
    return StatisticDuration.newBuilder().setCount(counter.count()).setNs(counter.nanos()).build();
  }

  static ModelConfig config(LoadedModel model, QueueLimits limits, boolean cached) {
    boolean batched = model.batched();
    String platform = model.predictor().platform();
    int underscore = platform.indexOf('_');
    CatalogVersion version = model.version();
    ModelConfig.Builder config =
        ModelConfig.newBuilder()
            .setName(version.key().model())
            .setPlatform(platform)
            .setBackend(underscore < 0 ? platform : platform.substring(0, underscore))
            .setVersionPolicy(
                ModelVersionPolicy.newBuilder()
                    .setSpecific(
                        ModelVersionPolicy.Specific.newBuilder()
                            .addVersions(version.key().version())))
            .setMaxBatchSize(batched ? limits.maxBatchRows() : 0)
            .addInstanceGroup(
                ModelInstanceGroup.newBuilder()
                    .setName(version.key().model())
                    .setCount(limits.maxRunning())
                    .setKind(ModelInstanceGroup.Kind.KIND_CPU))
            .setResponseCache(ModelResponseCache.newBuilder().setEnable(cached))
            .setModelTransactionPolicy(ModelTransactionPolicy.getDefaultInstance())
            .putParameters("slipway_version", setting(Long.toString(version.key().version())))
            .putParameters("slipway_digest", setting(version.packageDigest()))
            .putParameters("slipway_run_id", setting(version.runId()));
    if (batched) {
      config.setDynamicBatching(ModelDynamicBatching.newBuilder().setPreserveOrdering(false));
    }
    SignatureChecks checks = model.predictor().inputChecks();
    for (TensorMetadata input : checks.tensors()) {
      config.addInput(
          ModelInput.newBuilder()
              .setName(input.name())
              .setDataType(dataType(input))
              .addAllDims(dims(input, batched))
              .setOptional(!checks.isRequired(input.name())));
    }
    for (TensorMetadata output : model.predictor().outputs()) {
      config.addOutput(
          ModelOutput.newBuilder()
              .setName(output.name())
              .setDataType(dataType(output))
              .addAllDims(dims(output, batched)));
    }
    return config.build();
  }

  private static ModelParameter setting(String value) {
    return ModelParameter.newBuilder().setStringValue(value).build();
  }

  private static List<Long> dims(TensorMetadata tensor, boolean batched) {
    List<Long> dims = tensor.shape().toList();
    return batched ? dims.subList(1, dims.size()) : dims;
  }

  private static DataType dataType(TensorMetadata tensor) {
    return switch (tensor.datatype()) {
      case BOOL -> DataType.TYPE_BOOL;
      case UINT8 -> DataType.TYPE_UINT8;
      case UINT16 -> DataType.TYPE_UINT16;
      case UINT32 -> DataType.TYPE_UINT32;
      case UINT64 -> DataType.TYPE_UINT64;
      case INT8 -> DataType.TYPE_INT8;
      case INT16 -> DataType.TYPE_INT16;
      case INT32 -> DataType.TYPE_INT32;
      case INT64 -> DataType.TYPE_INT64;
      case FP16 -> DataType.TYPE_FP16;
      case BF16 -> DataType.TYPE_BF16;
      case FP32 -> DataType.TYPE_FP32;
      case FP64 -> DataType.TYPE_FP64;
      case BYTES -> DataType.TYPE_STRING;
    };
  }
}
