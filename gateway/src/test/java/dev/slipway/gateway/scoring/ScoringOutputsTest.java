package dev.slipway.gateway.scoring;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.TextFormat;
import dev.slipway.serving.v1.PredictResponse;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScoringOutputsTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "tensors { tensors { name: 'y' data_type: DATA_TYPE_INT16 shape: 2 shape: 1 raw:"
            + " '\\001\\000\\377\\377' } } | {\"predictions\":[[1],[-1]]}",
        "tensors { tensors { name: 'y' data_type: DATA_TYPE_FP32 raw: '\\000\\000\\300\\177' } }"
            + " | {\"predictions\":\"NaN\"}",
        "tensors { tensors { name: 'y' data_type: DATA_TYPE_BYTES shape: 2 raw:"
            + " '\\001\\000\\000\\000a\\001\\000\\000\\000\\377' } tensors { name: 'z' data_type:"
            + " DATA_TYPE_BOOL shape: 1 raw: '\\001' } } |"
            + " {\"predictions\":{\"y\":[\"a\",{\"base64\":\"/w==\"}],\"z\":[true]}}",
        "data_frame { row_count: 2 columns { name: 'd' doubles { values: [0.1, -inf] } } columns {"
            + " name: 'f' floats { values: [0.1, nan] } null_rows: 1 } columns { name: 't'"
            + " timestamps_micros { values: [1500000, 0] } } columns { name: 'b' byte_strings {"
            + " values: ['hi', ''] } } columns { name: 'j' json { values: ['[1]', '{}'] } } } |"
            + " {\"predictions\":[{\"d\":0.1,\"f\":0.1,\"t\":\"1970-01-01T00:00:01.500Z\",\"b\":\"aGk=\",\"j\":[1]},"
            + "{\"d\":\"-Infinity\",\"f\":null,\"t\":\"1970-01-01T00:00:00Z\",\"b\":\"\",\"j\":{}}]}",
        "data_frame { row_count: 1 columns { int64s { values: 7 } } columns { strings { values: 'x'"
            + " } } } | {\"predictions\":[{\"0\":7,\"1\":\"x\"}]}"
      })
  void json_everyFormOfAnswer_isShownAsPeopleReadIt(String answer, String json) throws Exception {
    assertThat(ScoringOutputs.json(TextFormat.parse(answer, PredictResponse.class)))
        .isEqualTo(json);
  }

  @Test
  void csv_severalAnswers_haveOneHeader() throws Exception {
    PredictResponse answer =
        TextFormat.parse(
            """
            data_frame { row_count: 2 columns { name: "a,b" doubles { values: [0.5, nan] } }
              columns { name: "s" strings { values: ["", "x"] } null_rows: 1 }
              columns { name: "j" json { values: ["[1,2]", "{}"] } } }
            """,
            PredictResponse.class);
    StringBuilder csv = new StringBuilder();
    CsvAnswers answers = new CsvAnswers(csv, true);

    answers.write(answer);
    answers.write(answer);

    String rows = "0.5,,\"[1,2]\"\nNaN,,{}\n";
    assertThat(csv.toString()).isEqualTo("\"a,b\",s,j\n" + rows + rows);
  }
}
