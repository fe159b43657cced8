package dev.slipway.tracking.rpc;

import dev.slipway.tracking.model.LoggedModel;
import dev.slipway.tracking.model.LoggedModelInfo;
import dev.slipway.tracking.model.ModelMetric;
import dev.slipway.tracking.v1.LoggedModelData;
import dev.slipway.tracking.v1.LoggedModelRegistration;
import dev.slipway.tracking.v1.LoggedModelStatus;
import dev.slipway.tracking.v1.Metric;

/** Turns logged models into messages. */
final class LoggedModelProtos {
  private LoggedModelProtos() {}

  static dev.slipway.tracking.v1.LoggedModel loggedModel(LoggedModel model) {
    LoggedModelData.Builder data = LoggedModelData.newBuilder();
    model.params().forEach(param -> data.addParams(TrackingProtos.param(param)));
    model.metrics().forEach(metric -> data.addMetrics(metric(metric, model.info())));
    return dev.slipway.tracking.v1.LoggedModel.newBuilder()
        .setInfo(info(model))
        .setData(data)
        .build();
  }

  private static dev.slipway.tracking.v1.LoggedModelInfo info(LoggedModel model) {
    LoggedModelInfo info = model.info();
    var message =
        dev.slipway.tracking.v1.LoggedModelInfo.newBuilder()
            .setModelId(info.id().toString())
            .setExperimentId(info.experimentId().toString())
            .setName(info.name())
            .setCreateTime(TrackingProtos.timestamp(info.createTime()))
            .setUpdateTime(TrackingProtos.timestamp(info.updateTime()))
            .setArtifactUri(info.artifactUri())
            .setStatus(status(info.status()))
            .setStatusMessage(info.statusMessage())
            .setModelType(info.modelType())
            .setLifecycleStage(TrackingProtos.stage(info.active()));
    info.sourceRun().ifPresent(run -> message.setSourceRunId(run.toString()));
    info.deleteTime().ifPresent(time -> message.setDeleteTime(TrackingProtos.timestamp(time)));
    model.tags().forEach(tag -> message.addTags(TrackingProtos.tag(tag)));
    model
        .registrations()
        .forEach(
            registration ->
                message.addRegistrations(
                    LoggedModelRegistration.newBuilder()
                        .setName(registration.name())
                        .setVersion(registration.version())));
    return message.build();
  }

  private static Metric metric(ModelMetric metric, LoggedModelInfo model) {
    return Metric.newBuilder()
        .setKey(metric.key())
        .setValue(metric.point().value())
        .setTimestampMs(metric.point().timestampMillis())
        .setStep(metric.point().step())
        .setModelId(model.id().toString())
        .setDatasetName(metric.datasetName())
        .setDatasetDigest(metric.datasetDigest())
        .setRunId(metric.run().toString())
        .build();
  }

  private static LoggedModelStatus status(dev.slipway.tracking.model.LoggedModelStatus status) {
    return switch (status) {
      case PENDING -> LoggedModelStatus.LOGGED_MODEL_STATUS_PENDING;
      case READY -> LoggedModelStatus.LOGGED_MODEL_STATUS_READY;
      case UPLOAD_FAILED -> LoggedModelStatus.LOGGED_MODEL_STATUS_UPLOAD_FAILED;
    };
  }
}
