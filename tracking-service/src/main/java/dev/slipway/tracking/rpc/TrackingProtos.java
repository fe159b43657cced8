package dev.slipway.tracking.rpc;

import com.google.protobuf.Timestamp;
import dev.slipway.tracking.entry.Param;
import dev.slipway.tracking.entry.Tag;
import dev.slipway.tracking.experiment.Experiment;
import dev.slipway.tracking.metric.MetricPoint;
import dev.slipway.tracking.run.LatestMetric;
import dev.slipway.tracking.run.Run;
import dev.slipway.tracking.run.RunInfo;
import dev.slipway.tracking.v1.LifecycleStage;
import dev.slipway.tracking.v1.Metric;
import dev.slipway.tracking.v1.MetricColumns;
import dev.slipway.tracking.v1.RunData;
import dev.slipway.tracking.v1.RunStatus;
import java.time.Instant;
import java.util.List;

/** Turns domain values into messages. */
final class TrackingProtos {
  private TrackingProtos() {}

  static dev.slipway.tracking.v1.Experiment experiment(Experiment experiment) {
    var message =
        dev.slipway.tracking.v1.Experiment.newBuilder()
            .setExperimentId(experiment.id().toString())
            .setName(experiment.name())
            .setArtifactLocation(experiment.artifactLocation())
            .setLifecycleStage(stage(experiment.active()))
            .setCreateTime(timestamp(experiment.createTime()))
            .setUpdateTime(timestamp(experiment.updateTime()));
    experiment.tags().forEach(tag -> message.addTags(tag(tag)));
    return message.build();
  }

  static dev.slipway.tracking.v1.Run run(Run run) {
    RunData.Builder data = RunData.newBuilder();
    run.metrics().forEach(metric -> data.addMetrics(metric(metric)));
    run.params().forEach(param -> data.addParams(param(param)));
    run.tags().forEach(tag -> data.addTags(tag(tag)));
    return dev.slipway.tracking.v1.Run.newBuilder()
        .setInfo(runInfo(run.info()))
        .setData(data)
        .setInputs(LineageProtos.inputs(run.lineage()))
        .setOutputs(LineageProtos.outputs(run.lineage()))
        .build();
  }

  static dev.slipway.tracking.v1.RunInfo runInfo(RunInfo run) {
    var message =
        dev.slipway.tracking.v1.RunInfo.newBuilder()
            .setRunId(run.id().toString())
            .setExperimentId(run.experimentId().toString())
            .setRunName(run.name())
            .setUserId(run.userId())
            .setStatus(status(run.status()))
            .setStartTime(timestamp(run.startTime()))
            .setArtifactUri(run.artifactUri())
            .setLifecycleStage(stage(run.active()));
    run.endTime().ifPresent(time -> message.setEndTime(timestamp(time)));
    run.deleteTime().ifPresent(time -> message.setDeleteTime(timestamp(time)));
    return message.build();
  }

  static Metric metric(LatestMetric metric) {
    return Metric.newBuilder()
        .setKey(metric.key())
        .setValue(metric.point().value())
        .setTimestampMs(metric.point().timestampMillis())
        .setStep(metric.point().step())
        .build();
  }

  static MetricColumns columns(List<MetricPoint> points) {
    MetricColumns.Builder columns = MetricColumns.newBuilder();
    for (MetricPoint point : points) {
      columns.addStep(point.step()).addTimestampMs(point.timestampMillis()).addValue(point.value());
    }
    return columns.build();
  }

  static dev.slipway.tracking.v1.Param param(Param param) {
    return dev.slipway.tracking.v1.Param.newBuilder()
        .setKey(param.key())
        .setValue(param.value())
        .build();
  }

  static dev.slipway.tracking.v1.Tag tag(Tag tag) {
    return dev.slipway.tracking.v1.Tag.newBuilder().setKey(tag.key()).setValue(tag.value()).build();
  }

  static LifecycleStage stage(boolean active) {
    return active ? LifecycleStage.LIFECYCLE_STAGE_ACTIVE : LifecycleStage.LIFECYCLE_STAGE_DELETED;
  }

  private static RunStatus status(dev.slipway.tracking.run.RunStatus status) {
    return switch (status) {
      case RUNNING -> RunStatus.RUN_STATUS_RUNNING;
      case SCHEDULED -> RunStatus.RUN_STATUS_SCHEDULED;
      case FINISHED -> RunStatus.RUN_STATUS_FINISHED;
      case FAILED -> RunStatus.RUN_STATUS_FAILED;
      case KILLED -> RunStatus.RUN_STATUS_KILLED;
    };
  }

  static Timestamp timestamp(Instant time) {
    return Timestamp.newBuilder()
        .setSeconds(time.getEpochSecond())
        .setNanos(time.getNano())
        .build();
  }
}
