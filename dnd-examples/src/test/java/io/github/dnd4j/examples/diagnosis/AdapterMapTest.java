package io.github.dnd4j.examples.diagnosis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dnd4j.InvalidInputException;
import io.github.dnd4j.examples.diagnosis.AdapterMap.Item;
import io.github.dnd4j.examples.diagnosis.AdapterMap.Point;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@DisplayName("A map of adapters")
class AdapterMapTest {

  @TempDir private Path folder;

  private final Map<String, Item> items = new LinkedHashMap<>();

  private void add(String name, String group, float b1, float b2) {
    Path path = SmallAdapters.point(folder.resolve("adapter" + items.size()), b1, b2);
    items.put(name, new Item(group, path));
  }

  private static double distance(Point a, Point b) {
    return Math.hypot(a.x() - b.x(), a.y() - b.y());
  }

  @Test
  @DisplayName("shows adapters that differ in two directions at their true distances")
  void exactInTwoDimensions() {
    // given the corners of a rectangle of 6 by 2
    add("a", "west", 10, 20);
    add("b", "east", 16, 20);
    add("c", "east", 16, 22);
    add("d", "west", 10, 22);
    // when
    AdapterMap map = AdapterMap.of(items);
    // then
    List<Point> points = map.points();
    assertThat(points).extracting(Point::name).containsExactly("a", "b", "c", "d");
    assertThat(points).extracting(Point::group).containsExactly("west", "east", "east", "west");
    assertThat(distance(points.get(0), points.get(1))).isCloseTo(6, within(1e-5));
    assertThat(distance(points.get(1), points.get(2))).isCloseTo(2, within(1e-5));
    assertThat(distance(points.get(0), points.get(2))).isCloseTo(Math.sqrt(40), within(1e-5));
    // the first axis is that of the larger differences, and the mean is in the middle
    assertThat(Math.abs(points.get(0).x())).isCloseTo(3, within(1e-5));
    assertThat(Math.abs(points.get(0).y())).isCloseTo(1, within(1e-5));
    assertThat(map.explained()).isCloseTo(1, within(1e-9));
  }

  @Test
  @DisplayName("says how much of the distances is lost where there are more than two directions")
  void moreDimensions() {
    // given three modules, and so six numbers, of which an adapter has one each: four points
    // equally
    // far from each other, three directions of equal share
    String[] modules = {"m.layers.0.x", "m.layers.1.x", "m.layers.2.x"};
    for (int i = 0; i < 4; i++) {
      Map<String, float[]> b = new LinkedHashMap<>();
      for (int module = 0; module < modules.length; module++) {
        b.put(modules[module], new float[] {2 * module == i ? 1 : 0, 2 * module + 1 == i ? 1 : 0});
      }
      items.put("" + i, new Item("g", SmallAdapters.points(folder.resolve("p" + i), b)));
    }
    // when
    AdapterMap map = AdapterMap.of(items);
    // then
    assertThat(map.explained()).isCloseTo(2.0 / 3, within(1e-9));
    assertThat(map.points().stream().mapToDouble(Point::explained).average().orElseThrow())
        .isCloseTo(2.0 / 3, within(1e-9));
  }

  @Test
  @DisplayName("takes a single adapter, two, and two that are the same")
  void few() {
    add("a", "g", 1, 2);
    assertThat(AdapterMap.of(items).points()).containsExactly(new Point("a", "g", 0, 0, 1));
    add("b", "g", 4, 6);
    List<Point> two = AdapterMap.of(items).points();
    assertThat(distance(two.get(0), two.get(1))).isCloseTo(5, within(1e-6));
    items.put("b", items.get("a"));
    AdapterMap same = AdapterMap.of(items);
    assertThat(same.explained()).isEqualTo(1);
    assertThat(distance(same.points().get(0), same.points().get(1))).isZero();
  }

  @Test
  @DisplayName("becomes a picture, in which each group has a colour, and a CSV file")
  void files() throws IOException {
    // given
    add("one, \"first\"", "tuned", 0, 0);
    add("two", "tuned", 6, 0);
    add("three", "generated", 3, 1);
    AdapterMap map = AdapterMap.of(items);
    Path picture = folder.resolve("map.png");
    Path csv = folder.resolve("map.csv");
    // when
    map.write(picture, csv);
    // then
    BufferedImage image = ImageIO.read(picture.toFile());
    assertThat(image.getWidth()).isEqualTo(1100);
    assertThat(image.getHeight()).isEqualTo(800);
    int[] colors = image.getRGB(0, 0, 1100, 800, null, 0, 1100);
    assertThat(IntStream.of(colors).filter(color -> (color & 0xffffff) == 0x1f77b4).count())
        .isGreaterThan(50);
    assertThat(IntStream.of(colors).filter(color -> (color & 0xffffff) == 0xd62728).count())
        .isGreaterThan(50);
    List<String> lines = Files.readAllLines(csv);
    assertThat(lines).hasSize(4);
    assertThat(lines.get(0)).isEqualTo("name,group,x,y,explained,explained_overall");
    assertThat(lines.get(1)).startsWith("\"one, \"\"first\"\"\",tuned,");
    assertThat(lines.get(3)).startsWith("three,generated,").endsWith(",1.0000,1.0000");
  }

  @Test
  @DisplayName("names an adapter that has no place in it")
  void refusals() {
    assertThatThrownBy(() -> AdapterMap.of(items))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContaining("at least one");
    add("a", "g", 1, 2);
    add("nan", "g", Float.NaN, 2);
    assertThatThrownBy(() -> AdapterMap.of(items))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContainingAll("adapter1", "NaN");
    items.remove("nan");
    Path other =
        SmallAdapters.points(folder.resolve("other"), Map.of("m.layers.0.y", new float[] {1, 1}));
    items.put("other", new Item("g", other));
    assertThatThrownBy(() -> AdapterMap.of(items))
        .isInstanceOf(InvalidInputException.class)
        .hasMessageContainingAll("other", "m.layers.0.y");
  }
}
