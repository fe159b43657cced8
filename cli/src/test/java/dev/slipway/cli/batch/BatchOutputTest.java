package dev.slipway.cli.batch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.TextFormat;
import dev.slipway.gateway.scoring.JsonRows;
import dev.slipway.gateway.scoring.ScoringInputs;
import dev.slipway.serving.v1.DescribeModelResponse;
import dev.slipway.serving.v1.PredictResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class BatchOutputTest {
  @TempDir private Path folder;

  /** Returns one answered row with a text of some length. */
  private static Chunk chunk(long firstRow, int length) throws IOException {
    Chunk chunk =
        new Chunk(
            firstRow,
            JsonRows.ofTexts(List.of("{\"text\": \"%s\"}".formatted("x".repeat(length)))),
            new ScoringInputs(
                TextFormat.parse(
                    "signature { inputs { columns { columns { name: 'text'"
                        + " type { scalar: SCALAR_TYPE_STRING } } } } }",
                    DescribeModelResponse.class)));
    chunk.answer(answer());
    return chunk;
  }

  private static PredictResponse answer() throws IOException {
    return TextFormat.parse(
        "data_frame { row_count: 1 columns { name: 'y' int64s { values: 1 } } }"
            + " provenance { version: 1 }",
        PredictResponse.class);
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void close_afterAWriteThatFailed_vouchesForNoMoreRows() throws Exception {
    BatchFiles files =
        new BatchFiles(folder.resolve("in.jsonl"), folder.resolve("out.jsonl"), false);
    // A disk without room.
    Files.createSymbolicLink(files.part(), Path.of("/dev/full"));
    BatchOutput output =
        new BatchOutput(
            files,
            new InputIdentity(1, 1, ""),
            "model",
            1,
            new BatchOptions(
                FileFormat.JSONL,
                FileFormat.JSONL,
                1,
                true,
                false,
                List.of("text"),
                List.of(),
                List.of()),
            List.of(new OutputColumn("text", OutputColumn.Type.TEXT)),
            Duration.ofDays(1));
    output.setColumns(chunk(0, 1).answerColumns().orElseThrow(), answer().getProvenance());
    // Small enough for the buffer.
    output.write(chunk(0, 1));
    Chunk large = chunk(1, 1 << 20);
    assertThatThrownBy(() -> output.write(large)).isInstanceOf(IOException.class);

    assertThatCode(output::close).doesNotThrowAnyException();

    assertThat(files.checkpoint()).doesNotExist();
    Files.delete(files.part());
  }
}
