# The report of the zoo as one HTML page that needs nothing else. For zoo_report.pl, whose report
# and small helpers it uses.
use strict;
use warnings;

my $STYLE = <<'CSS';
:root { color-scheme: light dark; --ink: #1d2330; --faint: #69707f; --line: #d9dce3; --paper: #fff;
  --c0: #c2255c; --c1: #e8590c; --c2: #1971c2; --c3: #0c8599; --c4: #6741d9; --c5: #5c940d; --c6: #495057;
  --c7: #862e9c; --c8: #2b8a3e; --c9: #a61e4d; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8ee; --faint: #98a0b0; --line: #343a46;
  --paper: #14171d; --c0: #ff6b9d; --c1: #ffa94d; --c2: #74c0fc; --c3: #66d9e8; --c4: #b197fc;
  --c5: #a9e34b; --c6: #ced4da; --c7: #e599f7; --c8: #8ce99a; --c9: #faa2c1; } }
body { font: 15px/1.45 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1, h2, h3 { line-height: 1.2; } h3 { margin: 0 0 .3rem; font-size: 1rem; }
p { max-width: 48rem; } .faint { color: var(--faint); }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: .15rem .7rem .15rem 0; text-align: right; border-bottom: 1px solid var(--line); }
th { font-weight: 600; } .text { text-align: left; } .wide { overflow-x: auto; }
.curves { display: grid; grid-template-columns: repeat(auto-fill, minmax(20rem, 1fr)); gap: 1.2rem; }
svg { width: 100%; height: auto; } svg text { font-size: 10px; fill: var(--faint); }
svg path { fill: none; stroke-width: 1.8; } svg line { stroke: var(--line); }
.key { display: inline-block; margin-right: 1rem; white-space: nowrap; }
.key i { display: inline-block; width: 1.4em; height: 0; vertical-align: .25em; margin-right: .3em;
  border-top: 3px solid; }
CSS

my @NAMES = ('ours (empty)', 'ours (corpus)', 'walk', 'pct2', 'pct3', 'pos', 'host', 'edges',
    'feedback', 'mutator');
my ($WIDTH, $HEIGHT, $LEFT, $TOP, $BOTTOM) = (340, 170, 30, 8, 22);
my $FIRST = 0.01; # CPU seconds at the left edge

sub escape {
    my ($text) = @_;
    $text =~ s/&/&amp;/g;
    $text =~ s/</&lt;/g;
    $text =~ s/>/&gt;/g;
    $text =~ s/"/&quot;/g;
    return $text;
}

# table HEAD ROWS: the first columns are words, as many as HEAD's first element says.
sub table {
    my ($words, $head, @rows) = @_;
    my $line = sub {
        my ($tag, @fields) = @_;
        my $n = 0;
        return '<tr>' . join('', map {
            ($n++ < $words ? "<$tag class=\"text\">" : "<$tag>") . escape($_) . "</$tag>"
        } @fields) . "</tr>\n";
    };
    return "<div class=\"wide\"><table>\n" . $line->('th', @$head)
        . join('', map { $line->('td', @$_) } @rows) . "</table></div>\n";
}

# ---- Curves -----------------------------------------------------------------------------------

sub across {
    my ($seconds, $horizon) = @_;
    $seconds = $FIRST if $seconds < $FIRST;
    my $span = log($horizon / $FIRST) || 1;
    return sprintf '%.1f', $LEFT + ($WIDTH - $LEFT - 6) * log($seconds / $FIRST) / $span;
}

sub down {
    my ($survival) = @_;
    return sprintf '%.1f', $TOP + ($HEIGHT - $TOP - $BOTTOM) * (1 - $survival);
}

# curve SAMPLE HORIZON COLOUR NAME: steps, to where anything is known.
sub curve {
    my ($sample, $horizon, $colour, $name) = @_;
    my $path = 'M' . across($FIRST, $horizon) . ' ' . down(1);
    for (survival_curve($sample)) {
        $path .= 'H' . across($_->[0], $horizon) . 'V' . down($_->[1]);
    }
    $path .= 'H' . across(longest($sample), $horizon);
    return "<path d=\"$path\" style=\"stroke:var(--c$colour)\"><title>" . escape($name)
        . "</title></path>\n";
}

sub axes {
    my ($horizon) = @_;
    my $text = '';
    for (0, 0.5, 1) {
        my ($y, $right) = (down($_), $WIDTH - 6);
        $text .= "<line x1=\"$LEFT\" y1=\"$y\" x2=\"$right\" y2=\"$y\"/>"
            . "<text x=\"" . ($LEFT - 5) . "\" y=\"" . ($y + 3) . "\" text-anchor=\"end\">$_</text>\n";
    }
    for (grep { $_ <= $horizon } 0.01, 0.1, 1, 10, 100, 1000) {
        $text .= '<text x="' . across($_, $horizon) . '" y="' . ($HEIGHT - 6)
            . "\" text-anchor=\"middle\">$_ s</text>\n";
    }
    return $text;
}

# figure TITLE SAMPLES: SAMPLES by contender.
sub figure {
    my ($title, $samples) = @_;
    my $horizon = 10 * $FIRST;
    for (values %$samples) { $horizon = longest($_) if longest($_) > $horizon }
    my $curves = join '', map {
        $samples->{$NAMES[$_]} ? curve($samples->{$NAMES[$_]}, $horizon, $_, $NAMES[$_]) : ''
    } reverse 0 .. $#NAMES; # ours on top
    return '<div><h3>' . escape($title) . "</h3>\n<svg viewBox=\"0 0 $WIDTH $HEIGHT\" role=\"img\""
        . ' aria-label="survival curves of ' . escape($title) . "\">\n" . axes($horizon) . $curves
        . "</svg></div>\n";
}

# figures TITLE_OF CELLS: one for each title, in their order; cells of one title are pooled.
sub figures {
    my ($title_of, @cells) = @_;
    my (%samples, @titles);
    for my $cell (@cells) {
        my $title = $title_of->($cell);
        push @titles, $title unless $samples{$title};
        push @{$samples{$title}{contender($cell)}}, @{sample($cell, 'cpu')};
    }
    return "<div class=\"curves\">\n" . join('', map { figure($_, $samples{$_}) } @titles) . "</div>\n";
}

# ---- Tables -----------------------------------------------------------------------------------

sub group_table {
    my ($report) = @_;
    return table(3, ['group', 'start', 'baseline', 'bugs', 'executions', 'CPU seconds',
            'without start-up', 'neither'],
        map { [@$_{qw(group start baseline)}, $_->{cpu}{compared} + $_->{cpu}{neither},
            show_ratio($_->{executions}), show_ratio($_->{cpu}), show_ratio($_->{net}),
            $_->{cpu}{neither}] } @{$report->{groups}});
}

sub cell_table {
    my ($report) = @_;
    return table(4, ['bug', 'lane', 'start', 'search', 'found', 'executions', 'CPU s',
            'restricted mean s', 'reported by'],
        map { [@$_{qw(bug lane start search)}, "$_->{found}/$_->{count}",
            show_median($_, 'executions'), show_median($_, 'cpu'),
            short($_->{cpu}{restricted_mean}), reporters($_)] } @{$report->{cells}});
}

sub comparison_table {
    my ($report) = @_;
    my $ratio = sub {
        my ($side) = @_;
        return '-' unless defined $side->{ratio};
        return ($side->{relation} eq '=' ? '' : $side->{relation}) . short($side->{ratio});
    };
    return table(4, ['bug', 'lane', 'start', 'baseline', 'executions', 'A12', 'p', 'CPU seconds', 'A12', 'p'],
        map {
            my $row = $_;
            [@$row{qw(bug lane start baseline)},
                map { ($ratio->($row->{$_}), sprintf('%.2f', $row->{$_}{a12}),
                    sprintf('%.2g', $row->{$_}{p})) } qw(executions cpu)]
        } @{$report->{comparisons}});
}

sub legend {
    return '<p>' . join("\n", map {
        "<span class=\"key\"><i style=\"border-color:var(--c$_)\"></i>$NAMES[$_]</span>"
    } 0 .. $#NAMES) . "</p>\n";
}

# page REPORT: the HTML.
sub page {
    my ($report) = @_;
    my @cells = @{$report->{cells}};
    my $only = escape(join ' ', @{$report->{only_ours}}) || 'none';
    my $scores = table(1, ['search', 'score', 'tried', 'found', 'in every trial'],
        map { [$_->{search}, sprintf('%.1f', $_->{score}), @$_{qw(cells found always)}] }
            @{$report->{scores}});
    my $horizon = $report->{scores}[0]{horizon};
    return <<"HTML" . legend() . figures(sub { $_[0]{group} }, @cells) . <<"HTML"
<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"/><title>csqfuzz: the zoo</title>
<meta name="viewport" content="width=device-width, initial-scale=1"/>
<style>
$STYLE</style></head><body>
<h1>The zoo: how soon planted bugs are found</h1>
<p>Curves are Kaplan-Meier estimates: the share of trials still without a finding after so many CPU
seconds, its program's start included; a trial that found nothing is censored. The lower the curve,
the better.</p>
<h2>Overall</h2>
<p>Score: 100 if each bug is found at once, 0 if none is within $horizon CPU seconds. Only ours
finds: $only.</p>
$scores
<h2>By kind of bug</h2>
HTML
<h2>Ours against the baselines</h2>
<p>Geometric means over bugs and lanes of the baseline's median divided by ours: above 1, ours is
sooner. &gt;= and &lt;= mark bounds, where a median was not reached by the baseline or by ours, ~ where
there are both; "neither" counts bugs that have no ratio. "best" is the best of walk, pct2, pct3 and
pos, chosen anew for every bug.</p>
HTML
        . group_table($report) . "<h2>Bug by bug</h2>\n" . legend()
        . figures(sub { "$_[0]{bug} $_[0]{lane}" }, @cells) . cell_table($report)
        . "<h2>Comparisons</h2>\n<p>A12: how likely a trial of ours is sooner than one of the baseline. "
        . "p: of the log-rank test.</p>\n" . comparison_table($report) . "</body></html>\n";
}

1;
