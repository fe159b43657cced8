package dev.slipway.cli.graph;

import com.google.protobuf.ListValue;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import dev.slipway.engine.pipeline.PipelineDefinition;
import dev.slipway.engine.pipeline.PipelineStep;
import dev.slipway.engine.pipeline.TensorSource;
import java.util.List;
import java.util.Map;

/** Writes a graph as JSON: a version with its steps, each with the version behind it. */
final class GraphJson {
  private GraphJson() {}

  static Struct of(ModelGraph graph) {
    Struct.Builder json =
        Struct.newBuilder()
            .putFields("version", text(graph.name()))
            .putFields("about", text(graph.about()));
    graph
        .pipeline()
        .ifPresent(
            pipeline ->
                json.putFields("steps", steps(pipeline, graph.steps()))
                    .putFields("outputs", sources(pipeline.outputs())));
    return json.build();
  }

  private static Value steps(PipelineDefinition pipeline, List<ModelGraph> versions) {
    ListValue.Builder steps = ListValue.newBuilder();
    for (PipelineStep step : pipeline.inOrder()) {
      Struct.Builder json =
          of(versions.get(pipeline.steps().indexOf(step))).toBuilder()
              .putFields("name", text(step.name()));
      step.inputs().ifPresent(inputs -> json.putFields("inputs", sources(inputs)));
      steps.addValues(Value.newBuilder().setStructValue(json));
    }
    return Value.newBuilder().setListValue(steps).build();
  }

  private static Value sources(Map<String, TensorSource> sources) {
    Struct.Builder json = Struct.newBuilder();
    sources.forEach((name, source) -> json.putFields(name, text(source.toString())));
    return Value.newBuilder().setStructValue(json).build();
  }

  private static Value text(String text) {
    return Value.newBuilder().setStringValue(text).build();
  }
}
