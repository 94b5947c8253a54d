package io.fairlead.stateful.internal.features;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fairlead.platform.Request;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FeatureRowTest {
  private static final String TENSOR =
      "{\"inputs\": [{\"name\": \"X\", \"shape\": [1, 2], \"datatype\": \"FP32\", \"data\": %s}]}";

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"instances\": [[5.1, -3]]}",
        "[[5.1,-3]]",
        " {\t\"instances\":[ [ 5.1 ,\n-3.0e0 ] ] }\r\n",
        "{\"inputs\": [{\"name\": \"X\", \"shape\": [1, 2], \"datatype\": \"FP32\", \"data\": [5.1, -3]}]}",
        "{\"inputs\":[{\"data\":[[51e-1,-3]],\"datatype\":\"FP32\",\"shape\":[1,2],\"name\":\"X\"}]}"
      })
  void aRowOfNumbersIsReadInEachForm(String json) {
    FeatureRow row = row(json);

    assertThat(row.size()).isEqualTo(2);
    assertThat(row.value(0)).isEqualTo(5.1f);
    assertThat(row.value(1)).isEqualTo(-3f);
  }

  @ParameterizedTest
  @ValueSource(strings = {"5.1,-3", "5.1,-3\n", "5.1,-3\r\n"})
  void aLineOfCsvIsARow(String csv) {
    FeatureRow row =
        FeatureRow.parse(Request.of(csv.getBytes(UTF_8), "text/csv")).orElseThrow();

    assertThat(row.size()).isEqualTo(2);
    assertThat(row.value(0)).isEqualTo(5.1f);
    assertThat(row.value(1)).isEqualTo(-3f);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "\n", "1,", ",1", "1, 2", "1,\n2", "1\n2", "a,b", "1,2\n\n", "1,\"2\"", "+1,2"
      })
  void otherCsvIsNoRow(String csv) {
    assertThat(FeatureRow.parse(Request.of(csv.getBytes(UTF_8), "text/csv"))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "{}",
        "[]",
        "[[]]",
        "5",
        "[5]",
        "{\"instances\": []}",
        "{\"instances\": [[]]}",
        "{\"instances\": [5]}",
        "{\"instances\": [[[5]]]}",
        "{\"instances\": [[1],[2]]}",
        "{\"instances\": [[1]], \"instances\": [[2]]}",
        "{\"instances\": [[1]], \"parameters\": {}}",
        "{\"parameters\": {}, \"instances\": [[1]]}",
        "{\"instances\": [[1]], \"id\": null}",
        "{\"instances\": [[1]]} x",
        "{\"instances\": [[1]]",
        "{\"instances\": [[1,]]}",
        "{\"instances\": [[,1]]}",
        "{\"instances\": [[1 2]]}",
        "{\"instances\": [[null]]}",
        "{\"instances\": [[true]]}",
        "{\"instances\": [[NaN]]}",
        "{\"instances\": [[\"nan\"]]}",
        "{\"instances\": [[\"5\"]]}",
        "{\"instances\": [{\"X\": [1]}]}",
        "{\"inputs\": [[1]]}",
        "{\"inputs\": [\"a text\"]}",
        "{\"inst\\u0061nces\": [[1]]}",
        "{\"instances\": [[1]]}\u0000"
      })
  void otherJsonIsNoRow(String json) {
    assertThat(FeatureRow.parse(Request.json(json))).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"inputs\": [{\"name\":\"X\",\"shape\":[1,2],\"datatype\":\"FP64\",\"data\":[1,2]}]}",
        "{\"inputs\": [{\"name\":\"X\",\"shape\":[2,1],\"datatype\":\"FP32\",\"data\":[1,2]}]}",
        "{\"inputs\": [{\"name\":\"X\",\"shape\":[2],\"datatype\":\"FP32\",\"data\":[1,2]}]}",
        "{\"inputs\": [{\"name\":\"X\",\"shape\":[1,3],\"datatype\":\"FP32\",\"data\":[1,2]}]}",
        "{\"inputs\": [{\"name\":\"X\",\"shape\":[1,2],\"datatype\":\"FP32\",\"data\":[[1],[2]]}]}",
        "{\"inputs\": [{\"name\":\"X\",\"shape\":[1,2],\"datatype\":\"FP32\"}]}",
        "{\"inputs\": [{\"name\":\"X\",\"shape\":[1,2],\"datatype\":\"data\"[1,2]}]}",
        "{\"inputs\": [{\"shape\":[1,2],\"datatype\":\"FP32\",\"data\":[1,2]}]}",
        "{\"inputs\": [{\"name\":\"X\",\"name\":\"Y\",\"shape\":[1,2],\"datatype\":\"FP32\",\"data\":[1,2]}]}",
        "{\"inputs\": [{\"name\":\"X\",\"shape\":[1,2],\"datatype\":\"FP32\",\"data\":[1,2],\"data\":[1,2]}]}",
        "{\"inputs\": [{\"name\":\"X\",\"shape\":[1,2],\"datatype\":\"FP32\",\"data\":[1,2],\"parameters\":{}}]}",
        "{\"inputs\": [{\"name\":\"X\",\"shape\":[1,2],\"datatype\":\"FP32\",\"data\":[1,2]}], \"id\":\"7\"}",
        "{\"inputs\": [{\"name\":\"X\",\"shape\":[1,1],\"datatype\":\"FP32\",\"data\":[1]},{\"name\":\"Y\",\"shape\":[1,1],\"datatype\":\"FP32\",\"data\":[1]}]}"
      })
  void anotherTensorIsNoRow(String json) {
    assertThat(FeatureRow.parse(Request.json(json))).isEmpty();
  }

  @Test
  void aRowOfAnotherContentTypeIsNone() {
    byte[] body = "[[1]]".getBytes(UTF_8);

    assertThat(FeatureRow.parse(Request.of(body, "application/json; charset=UTF-8")))
        .isPresent();
    assertThat(FeatureRow.parse(Request.of(body, "application/json; charset=utf-16")))
        .isEmpty();
    assertThat(FeatureRow.parse(Request.of(body, "application/octet-stream"))).isEmpty();
    assertThat(FeatureRow.parse(Request.of(body, "text/csv; header=present"))).isEmpty();
  }

  @Test
  void requestsThatDifferInMoreThanTheirNumbersHaveDifferentForms() {
    String form = row("{\"instances\": [[1]]}").form();

    assertThat(row(" {\"instances\":[[2.50]]}").form()).isEqualTo(form);
    assertThat(row("[[1]]").form()).isNotEqualTo(form);
    assertThat(row(String.format(TENSOR, "[1, 2]")).form())
        .isNotEqualTo(form)
        .isEqualTo(row(String.format(TENSOR, "[[3, 4]]")).form())
        .isNotEqualTo(row(String.format(TENSOR, "[1, 2]").replace("X", "Y")).form());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "-",
        "01",
        "1.",
        ".5",
        "1e",
        "1e+",
        "--1",
        "+1",
        "1e39",
        "-1e39",
        "0x1",
        "1f",
        "Infinity",
        // The middle of two floats by way of a double, and not in truth.
        "1.00000005960464477540",
        "16777217.0000000001",
        // Which readers of integers take for 0 without its sign.
        "-0"
      })
  void aNumberThatReadersDisagreeAboutIsNone(String number) {
    assertThat(FeatureRow.parse(Request.json("[[" + number + "]]"))).isEmpty();
  }

  @Test
  void eachNumberIsReadAsFloatsAndDoublesAre() {
    SplittableRandom random = new SplittableRandom(1);
    int read = 0;
    for (int i = 0; i < 200_000; i++) {
      String number = number(random);
      float direct = Float.parseFloat(number);
      boolean isOne =
          Float.isFinite(direct) && Float.compare(direct, (float) Double.parseDouble(number)) == 0;

      Optional<FeatureRow> row = FeatureRow.parse(Request.json("[[" + number + "]]"));

      assertThat(row.isPresent()).as(number).isEqualTo(isOne && !number.equals("-0"));
      read += row.isPresent() ? 1 : 0;
      row.ifPresent(it -> assertThat(Float.floatToRawIntBits(it.value(0)))
          .as(number)
          .isEqualTo(Float.floatToRawIntBits(direct)));
    }

    assertThat(read).isGreaterThan(150_000);
  }

  private static String number(SplittableRandom random) {
    float value = Float.intBitsToFloat(random.nextInt() & 0xbfffffff);
    return switch (random.nextInt(8)) {
      case 0 -> Float.isFinite(value) ? Float.toString(value) : "0.0";
      case 1 -> Double.toString(random.nextDouble(-1000, 1000));
      case 2 -> Long.toString(random.nextLong() >> random.nextInt(64));
      case 3 -> random.nextInt(1000) + "." + random.nextInt(1_000_000_000);
      case 4 -> random.nextLong() + "e" + random.nextInt(-60, 25);
      // The middle of two floats, and its neighbours.
      case 5 -> {
        double middle = ((double) value + Math.nextUp(value)) / 2;
        yield Double.isFinite(middle) ? Double.toString(middle) : "1.5";
      }
      case 6 -> {
        float small = random.nextInt(1 << 20) + 0.5f;
        yield new BigDecimal(((double) small + Math.nextUp(small)) / 2)
            .add(new BigDecimal(random.nextInt(-1, 2)).scaleByPowerOfTen(-30))
            .toString();
      }
      default -> "-0." + random.nextInt(100) + "E-" + random.nextInt(50);
    };
  }

  @Test
  void numbersThatJsonLacksAreReadAndWritten() {
    FeatureRow row = row("[[\"NaN\", \"Infinity\", \"-Infinity\"]]");
    FeatureRow csv =
        FeatureRow.parse(Request.of("nan,inf,-inf".getBytes(UTF_8), "text/csv")).orElseThrow();

    for (FeatureRow each : new FeatureRow[] {row, csv}) {
      assertThat(each.value(0)).isNaN();
      assertThat(each.value(1)).isEqualTo(Float.POSITIVE_INFINITY);
      assertThat(each.value(2)).isEqualTo(Float.NEGATIVE_INFINITY);
    }
    assertThat(row.with(0, 1).with(2, Float.NaN).toRequest().text())
        .isEqualTo("[[1.0,\"Infinity\",\"NaN\"]]");
    assertThat(csv.with(0, Float.NEGATIVE_INFINITY).toRequest().text()).isEqualTo("-inf,inf,-inf");
  }

  @Test
  void aChangedRowIsARequestOfTheSameForm() {
    Request request = Request.of(
            String.format(TENSOR, "[[1, 2]]").getBytes(UTF_8), "application/json; charset=utf-8")
        .withTimeout(Duration.ofSeconds(3))
        .pinnedTo("blue");
    FeatureRow row = FeatureRow.parse(request).orElseThrow();

    Request changed = row.with(1, 0.1f).toRequest();

    assertThat(changed.text()).isEqualTo(String.format(TENSOR, "[[1.0,0.10000000149011612]]"));
    assertThat(changed.contentType()).isEqualTo(request.contentType());
    assertThat(changed.timeout()).isEqualTo(request.timeout());
    assertThat(changed.variant()).contains("blue");
    assertThat(row.value(1)).isEqualTo(2f);
    assertThatThrownBy(() -> row.withAll(1)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void eachFloatIsWrittenSoThatItIsReadBack() {
    SplittableRandom random = new SplittableRandom(2);
    FeatureRow row = row("{\"instances\": [[1]]}");
    for (int i = 0; i < 50_000; i++) {
      float value = Float.intBitsToFloat(random.nextInt());

      FeatureRow again = FeatureRow.parse(row.with(0, value).toRequest()).orElseThrow();

      assertThat(Float.floatToIntBits(again.value(0))).isEqualTo(Float.floatToIntBits(value));
    }
  }

  @Test
  void aMutatedBodyIsARowOrNoneAndNeverAnError() {
    SplittableRandom random = new SplittableRandom(3);
    byte[] whole = String.format(TENSOR, "[[1.5, \"NaN\"]]").getBytes(US_ASCII);
    for (int i = 0; i < 20_000; i++) {
      byte[] body = Arrays.copyOf(whole, random.nextInt(whole.length + 1));
      for (int k = random.nextInt(3); k > 0 && body.length > 0; k--) {
        body[random.nextInt(body.length)] = (byte) random.nextInt();
      }

      FeatureRow.parse(Request.of(body, "application/json"))
          .ifPresent(row -> assertThat(row.size()).isEqualTo(2));
    }
  }

  private static FeatureRow row(String json) {
    return FeatureRow.parse(Request.json(json)).orElseThrow();
  }
}
