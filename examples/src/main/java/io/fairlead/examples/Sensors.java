package io.fairlead.examples;

import io.fairlead.platform.Request;
import java.time.DayOfWeek;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * Sensors in the rooms of an office, each of which is read once a minute: a simulation that is the same each time.
 *
 * <p>On weekdays up to three people per room come at about nine, have lunch at about one and leave at about six. They
 * switch the lamps on, breathe out CO2, which the ventilation takes away by a fiftieth a minute, and warm the room,
 * which takes hours. What is measured has a little noise, so hardly any reading is the same as another.
 */
final class Sensors {
  /** What a reading consists of, in the order of the model's inputs. */
  static final List<String> FEATURES = List.of(
      "temperature", "humidity", "light", "CO2", "humidity ratio", "time of day", "weekday");

  private static final LocalDateTime START = LocalDateTime.of(2026, 1, 5, 8, 0); // a Monday
  private static final DateTimeFormatter TIME =
      DateTimeFormatter.ofPattern("EEE HH:mm", Locale.ENGLISH);
  private static final double OUTDOOR_CO2 = 430;

  private final Random random;
  private final List<Room> rooms = new ArrayList<>();
  private long count;

  Sensors(int rooms, long seed) {
    this.random = new Random(seed);
    for (int i = 0; i < rooms; i++) {
      this.rooms.add(new Room());
    }
  }

  /** {@return the number of readings in a time} */
  int readings(Duration time) {
    return Math.toIntExact(time.toMinutes() * rooms.size());
  }

  /** {@return the time of the next reading, such as {@code Mon 08:00}} */
  String time() {
    return now().format(TIME);
  }

  private LocalDateTime now() {
    return START.plusMinutes(count / rooms.size());
  }

  /** {@return a request with the next reading: that of the next room, or of the first one a minute later} */
  Request next() {
    LocalDateTime now = now();
    Room room = rooms.get((int) (count++ % rooms.size()));
    return Request.json("{\"instances\": [[" + room.reading(now) + "]]}");
  }

  private final class Room {
    private final double lamps = 430 + 15 * random.nextGaussian();
    private final int comeAt = minutes(9, 20);
    private final int eatAt = minutes(13, 15);
    private final int leaveAt = minutes(18, 20);
    private final int most = 1 + random.nextInt(3);
    private double co2 = OUTDOOR_CO2 + 20;
    private double temperature = 20.3;
    private double humidity = 26;

    private int minutes(int hour, double deviation) {
      return 60 * hour + (int) (deviation * random.nextGaussian());
    }

    /** Lets a minute pass. */
    String reading(LocalDateTime now) {
      int minute = now.getHour() * 60 + now.getMinute();
      int day = now.getDayOfWeek().getValue() - DayOfWeek.MONDAY.getValue();
      boolean lunch = minute >= eatAt && minute < eatAt + 45;
      int people = day < 5 && minute >= comeAt && minute < leaveAt && !lunch ? most : 0;

      double sun = 70 * Math.max(0, Math.sin(Math.PI * (minute - 450) / 600));
      double light = (people > 0 ? lamps : 0) + sun;
      co2 += 7 * people - (co2 - OUTDOOR_CO2) / 50;
      temperature += (20.2 + 0.7 * people + sun / 70 - temperature) / 150;
      humidity += (25.5 + 1.2 * people - humidity) / 150;

      double measuredTemperature = measured(temperature, 0.03);
      double measuredHumidity = measured(humidity, 0.05);
      return String.format(
          Locale.ROOT,
          "%.2f, %.2f, %.0f, %.0f, %.6f, %d, %d",
          measuredTemperature,
          measuredHumidity,
          light < 1 ? 0 : measured(light, 2),
          measured(co2, 3),
          humidityRatio(measuredTemperature, measuredHumidity),
          minute,
          day);
    }
  }

  private double measured(double value, double noise) {
    return value + noise * random.nextGaussian();
  }

  /** {@return kilograms of water per kilogram of air, by the Magnus formula (Sonntag, 1990) at sea level} */
  private static double humidityRatio(double celsius, double relativeHumidity) {
    double vapour = relativeHumidity / 100 * 611.2 * Math.exp(17.62 * celsius / (243.12 + celsius));
    return 0.622 * vapour / (101_325 - vapour);
  }
}
