-- The columns of customer_features, written by hand for DuckDB as well as we know how. $as_of is a date.
WITH known AS (
    SELECT * FROM order_lines WHERE ordered_at < $as_of AND customer_id IS NOT NULL
), orders AS (
    SELECT
        customer_id,
        order_id,
        min(ordered_at) FILTER (NOT is_return) AS purchased_at,
        sum(amount) FILTER (NOT is_return) AS gross,
        sum(amount) FILTER (is_return) AS returned,
        sum(quantity) FILTER (NOT is_return) AS units,
        sum(discount) FILTER (NOT is_return) AS discount,
        min(country) AS country,
        bool_or(is_return) AS has_return
    FROM known
    GROUP BY customer_id, order_id
), placed AS (
    SELECT
        *,
        purchased_at::date AS day,
        day - lag(day) OVER in_time AS gap,
        lead(day) OVER in_time IS NULL AS is_last,
        $as_of - day AS age
    FROM orders
    WINDOW in_time AS (PARTITION BY customer_id, purchased_at IS NULL ORDER BY purchased_at, order_id)
), customers AS (
    SELECT
        customer_id,
        count(day) AS frequency,
        min(age) AS recency_days,
        max(age) AS age_days,
        coalesce(sum(gross), 0) AS gross_revenue,
        coalesce(-sum(returned), 0) AS return_value,
        count(*) FILTER (has_return) AS n_returns,
        CASE WHEN count(day) = 0 THEN 0 ELSE sum(units) END AS n_units,
        sum(discount) AS discount,
        count(*) FILTER (gap > 0) AS n_repeat_purchase_days,
        sum(gap * gap) AS squared_gaps,
        count(*) FILTER (age <= 90) AS n_orders_last_90_days,
        coalesce(sum(gross) FILTER (age <= 90), 0) AS revenue_last_90_days,
        coalesce(sum(gross) FILTER (age BETWEEN 91 AND 180), 0) AS revenue_previous_90_days,
        max(gross) FILTER (day IS NOT NULL AND gap IS NULL) AS first_order_value,
        count(*) FILTER (isodow(day) >= 6) AS n_weekend,
        coalesce(max(country) FILTER (day IS NOT NULL AND is_last), max(country)) AS country
    FROM placed
    GROUP BY customer_id
), items AS (
    SELECT customer_id, product_id, category, count(*) AS n_lines, sum(amount) AS revenue
    FROM known
    WHERE NOT is_return AND is_product
    GROUP BY customer_id, product_id, category
), per_product AS (
    SELECT customer_id, product_id, sum(n_lines) AS n_lines, sum(revenue) AS revenue
    FROM items WHERE product_id IS NOT NULL GROUP BY customer_id, product_id
), products AS (
    SELECT
        customer_id,
        count(*) AS n_products,
        arg_min(product_id, (-n_lines, product_id)) AS favourite_product,
        max(revenue)::double / nullif(sum(revenue)::double, 0) AS top_product_share
    FROM per_product GROUP BY customer_id
), per_category AS (
    SELECT customer_id, category, sum(n_lines) AS n_lines
    FROM items WHERE category IS NOT NULL GROUP BY customer_id, category
), categories AS (
    SELECT customer_id, count(*) AS n_categories, arg_min(category, (-n_lines, category)) AS favourite_category
    FROM per_category GROUP BY customer_id
)
SELECT
    customer_id,
    $as_of AS as_of,
    recency_days,
    frequency,
    (gross_revenue - return_value)::decimal(18, 4) AS monetary,
    gross_revenue::decimal(18, 4) AS gross_revenue,
    return_value::decimal(18, 4) AS return_value,
    n_returns,
    return_value::double / nullif(gross_revenue::double, 0) AS return_rate,
    gross_revenue::double / nullif(frequency::double, 0) AS average_order_value,
    n_units::double / nullif(frequency::double, 0) AS average_basket_units,
    gross_revenue::double / nullif(n_units::double, 0) AS average_unit_price,
    n_units::decimal(18, 4) AS n_units,
    coalesce(n_products, 0) AS n_products,
    coalesce(n_categories, 0) AS n_categories,
    favourite_product,
    favourite_category,
    top_product_share,
    age_days - recency_days AS tenure_days,
    age_days,
    n_repeat_purchase_days,
    tenure_days::double / nullif(frequency - 1, 0) AS mean_days_between_orders,
    CASE WHEN frequency > 2 THEN sqrt(greatest(
        (squared_gaps::double - tenure_days::double * tenure_days / (frequency - 1)) / (frequency - 2), 0)) END
        AS sd_days_between_orders,
    recency_days::double / nullif(mean_days_between_orders, 0) AS overdue_ratio,
    n_orders_last_90_days,
    revenue_last_90_days::decimal(18, 4) AS revenue_last_90_days,
    revenue_previous_90_days::decimal(18, 4) AS revenue_previous_90_days,
    (revenue_last_90_days - revenue_previous_90_days)::double
        / nullif((revenue_last_90_days + revenue_previous_90_days)::double, 0) AS revenue_trend,
    first_order_value::decimal(18, 4) AS first_order_value,
    frequency = 1 AS is_one_time,
    n_weekend::double / nullif(frequency::double, 0) AS weekend_share,
    discount::double / nullif((gross_revenue + discount)::double, 0) AS discount_share,
    country
FROM customers LEFT JOIN products USING (customer_id) LEFT JOIN categories USING (customer_id)
