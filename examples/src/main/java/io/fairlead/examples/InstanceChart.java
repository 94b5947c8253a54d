package io.fairlead.examples;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A text chart of the number of instances over time. */
final class InstanceChart {
  private final List<Look> looks = new ArrayList<>();
  private final List<Mark> marks = new ArrayList<>();

  private record Look(Duration at, int instances) {}

  private record Mark(Duration at, String label) {}

  /** Adds the number of instances at a time, in chronological order. */
  void add(Duration at, int instances) {
    looks.add(new Look(at, instances));
  }

  /** Adds a label at a time. */
  void mark(Duration at, String label) {
    marks.add(new Mark(at, label));
  }

  /** {@return the maximum number of instances} */
  int most() {
    return looks.stream().mapToInt(Look::instances).max().orElse(0);
  }

  /** {@return a row for each number of instances from the maximum down, an axis, and the labels} */
  List<String> lines(Terminal terminal, int columns) {
    int[] heights = heights(columns);
    List<String> lines = new ArrayList<>();
    for (int row = most(); row >= 1; row--) {
      StringBuilder line = new StringBuilder();
      for (int height : heights) {
        line.append(terminal.bar(height >= row ? 1 : 0, 1));
      }
      lines.add(String.format("%3d %s", row, line).stripTrailing());
    }
    lines.add("  0 " + terminal.rule(columns));
    lines.add("    " + labels(columns));
    return lines;
  }

  private Duration end() {
    return looks.isEmpty() ? Duration.ZERO : looks.get(looks.size() - 1).at();
  }

  private int column(Duration at, int columns) {
    long all = Math.max(1, end().toNanos());
    return (int) Math.min(columns - 1, at.toNanos() * columns / all);
  }

  /** The maximum number of instances in each column; without a sample, that of the last one. */
  private int[] heights(int columns) {
    int[] heights = new int[columns];
    int next = 0;
    int last = 0;
    for (int column = 0; column < columns; column++) {
      int most = -1;
      while (next < looks.size() && column(looks.get(next).at(), columns) == column) {
        last = looks.get(next).instances();
        most = Math.max(most, last);
        next++;
      }
      heights[column] = most < 0 ? last : most;
    }
    return heights;
  }

  /** The labels at their times, or before them where they would pass the end of the chart. */
  private String labels(int columns) {
    int rest = marks.stream().mapToInt(mark -> mark.label().length() + 1).sum() - 1;
    StringBuilder labels = new StringBuilder();
    for (Mark mark : marks) {
      int column = Math.min(column(mark.at(), columns), columns - rest);
      rest -= mark.label().length() + 1;
      if (labels.length() > 0 && labels.length() >= column) {
        labels.append(' ');
      }
      labels.append(" ".repeat(Math.max(0, column - labels.length()))).append(mark.label());
    }
    return labels.toString();
  }
}
