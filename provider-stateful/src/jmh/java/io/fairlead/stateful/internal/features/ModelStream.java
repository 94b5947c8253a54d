package io.fairlead.stateful.internal.features;

import ai.onnxruntime.OrtException;
import io.fairlead.platform.Request;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A model of gradient-boosted trees and a stream of requests to it.
 *
 * <p>Neither is part of this repository: they are looked for in the folders that the system properties {@code models} and
 * {@code traces} name.
 */
final class ModelStream implements AutoCloseable {
  private static final DateTimeFormatter OCCUPANCY_DATE =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss");
  private static final int HELD_OUT = 4433;
  private static final double ZIPF = 0.9;
  private static final double SESSION = 5;
  private static final double NOISE = 0.005;
  private static final int MEASURED_AGAIN = 5;
  private static final int TARGET = 8;
  private static final int CATEGORY = 9;

  private final OrtModel model;
  private final List<float[]> rows;

  private ModelStream(String file, List<float[]> rows) throws IOException, OrtException {
    this.model = new OrtModel(Files.readAllBytes(models().resolve(file)));
    this.rows = rows;
  }

  static boolean isThere() {
    return Files.isRegularFile(models().resolve("occupancy-gbm.onnx"))
        && Files.isRegularFile(traces().resolve("occ_datatest.txt"));
  }

  private static Path models() {
    return Path.of(System.getProperty("models", "../../shared/models"));
  }

  private static Path traces() {
    return Path.of(System.getProperty("traces", "../../shared/traces"), "ml");
  }

  /**
   * {@return a sensor that is read each minute, and a model that was trained on the days after}
   *
   * @param files the parts of the stream, in the order of their time
   */
  static ModelStream occupancy(String... files) throws IOException, OrtException {
    List<float[]> rows = new ArrayList<>();
    for (String file : files) {
      for (String line : Files.readAllLines(traces().resolve(file))) {
        String[] fields = line.replace("\"", "").split(",", -1);
        if (fields[0].equals("date")) {
          continue;
        }
        LocalDateTime date = LocalDateTime.parse(fields[1], OCCUPANCY_DATE);
        float[] row = new float[7];
        for (int i = 0; i < 5; i++) {
          row[i] = Float.parseFloat(fields[i + 2]);
        }
        row[5] = date.getHour() * 60 + date.getMinute();
        row[6] = date.getDayOfWeek().getValue() - 1;
        rows.add(row);
      }
    }
    return new ModelStream("occupancy-gbm.onnx", rows);
  }

  /** {@return houses that are asked for by Zipf, in sessions, each time with five features measured anew} */
  static ModelStream housing(int requests, long seed) throws IOException, OrtException {
    List<float[]> houses = houses();
    Collections.shuffle(houses, new Random(seed));
    houses = houses.subList(0, HELD_OUT);
    double[] cumulated = new double[houses.size()];
    double sum = 0;
    for (int i = 0; i < cumulated.length; i++) {
      sum += Math.pow(i + 1, -ZIPF);
      cumulated[i] = sum;
    }
    SplittableRandom random = new SplittableRandom(seed);
    List<float[]> rows = new ArrayList<>();
    while (rows.size() < requests) {
      int at = Arrays.binarySearch(cumulated, random.nextDouble() * sum);
      float[] house = houses.get(at < 0 ? -at - 1 : at);
      do {
        float[] again = house.clone();
        // The numeric features but for the position and the age.
        for (int i = 3; i < 3 + MEASURED_AGAIN; i++) {
          again[i] *= (float) (1 + NOISE * random.nextGaussian());
        }
        rows.add(again);
      } while (random.nextDouble() > 1 / SESSION && rows.size() < requests);
    }
    return new ModelStream("housing-gbm.onnx", rows);
  }

  private static List<float[]> houses() throws IOException {
    List<String[]> lines = Files.readAllLines(traces().resolve("housing.csv")).stream()
        .skip(1)
        .map(line -> line.split(",", -1))
        .filter(fields -> Arrays.stream(fields).noneMatch(String::isEmpty))
        .collect(Collectors.toList());
    List<String> categories = List.copyOf(
        new TreeSet<>(lines.stream().map(fields -> fields[CATEGORY]).collect(Collectors.toSet())));
    List<float[]> houses = new ArrayList<>();
    for (String[] fields : lines) {
      float[] row = new float[TARGET + categories.size()];
      for (int i = 0; i < TARGET; i++) {
        row[i] = Float.parseFloat(fields[i]);
      }
      row[TARGET + new ArrayList<>(categories).indexOf(fields[CATEGORY])] = 1;
      houses.add(row);
    }
    return houses;
  }

  List<FeatureRow> rows() {
    return rows.stream().map(ModelStream::row).collect(Collectors.toList());
  }

  static FeatureRow row(float[] values) {
    String numbers = IntStream.range(0, values.length)
        .mapToObj(i -> Double.toString(values[i]))
        .collect(Collectors.joining(","));
    return FeatureRow.parse(Request.json("{\"instances\":[[" + numbers + "]]}")).orElseThrow();
  }

  double[] ask(FeatureRow row) {
    float[] scores = model.scores(row);
    double[] numbers = new double[scores.length];
    Arrays.setAll(numbers, i -> scores[i]);
    return numbers;
  }

  @Override
  public void close() throws OrtException {
    model.close();
  }
}
